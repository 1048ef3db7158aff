@main
enum HubdMain {
    static func main() {}
}
