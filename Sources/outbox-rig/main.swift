internal import Glibc
internal import Outbox

// The process that the rigs of Tests/Rigs kill, starve and cut the power of. One verb each:
//
//   write DIR BATCHES   appends batches of eight, and says `acked N` when N is durable
//   open                for each folder named on standard input: opens it, waits until the file
//                       sink has everything, and says what is there
//   serve DIR           does what each line on standard input says (see Console)
//   audit               the same without a sink: whether the accounts come out even
//   churn DIR           keeps a store busy in all the ways in which events leave it
//   outage DIR EVENTS   keeps that many seconds of a shop without network, then delivers them to
//                       the service at RIG_SINK; how much room they took, and how fast they went
//   bench DIR SECONDS   durable events per second

let arguments = Array(CommandLine.arguments.dropFirst())
do {
    switch arguments.first {
    case "write": try await write(arguments.dropFirst().map(\.self))
    case "open": try await openFolders()
    case "serve": try await serve(arguments.dropFirst().map(\.self))
    case "audit": try await auditFolders()
    case "churn": try await churn(arguments.dropFirst().map(\.self))
    case "outage": try await outage(arguments.dropFirst().map(\.self))
    case "bench": try await bench(arguments.dropFirst().map(\.self))
    default:
        say(
            "usage: outbox-rig write DIR BATCHES | open | serve DIR | audit | churn DIR | "
                + "outage DIR EVENTS | bench DIR SECONDS")
        exit(64)
    }
} catch {
    say("failed \(error)")
    exit(1)
}
