internal import Glibc
internal import Outbox

// The process that the rigs of Tests/Rigs kill, starve and cut the power of. One verb each:
//
//   write DIR BATCHES   appends batches of eight, and says `acked N` when N is durable
//   open                for each folder named on standard input: opens it, waits until the file
//                       sink has everything, and says what is there
//   serve DIR           does what each line on standard input says (see Console)
//   bench DIR SECONDS   durable events per second

let arguments = Array(CommandLine.arguments.dropFirst())
do {
    switch arguments.first {
    case "write": try await write(arguments.dropFirst().map(\.self))
    case "open": try await openFolders()
    case "serve": try await serve(arguments.dropFirst().map(\.self))
    case "bench": try await bench(arguments.dropFirst().map(\.self))
    default:
        say("usage: outbox-rig write DIR BATCHES | open | serve DIR | bench DIR SECONDS")
        exit(64)
    }
} catch {
    say("failed \(error)")
    exit(1)
}
