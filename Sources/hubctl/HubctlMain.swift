@main
enum HubctlMain {
    static func main() {}
}
