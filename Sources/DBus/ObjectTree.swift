/// Which object has which interfaces: a pure value.
struct ObjectTree {
    /// Where the ObjectManager sits: it tells about everything below.
    let root: ObjectPath
    private var objects: [ObjectPath: [Interface]] = [:]

    init(root: ObjectPath) {
        self.root = root
    }

    /// Adds interfaces to an object; those that it has already are replaced.
    mutating func export(_ interfaces: [Interface], at path: ObjectPath) {
        let names = Set(interfaces.map(\.name))
        objects[path, default: []].removeAll { names.contains($0.name) }
        objects[path, default: []] += interfaces
    }

    /// Removes an object.
    ///
    /// - Returns: the names of the interfaces that it had.
    mutating func withdraw(_ path: ObjectPath) -> [String] {
        (objects.removeValue(forKey: path) ?? []).map(\.name)
    }

    /// The interfaces that were exported at a path.
    func interfaces(at path: ObjectPath) -> [Interface] { objects[path] ?? [] }

    /// All exported objects below the root, in order.
    var managed: [(path: ObjectPath, interfaces: [Interface])] {
        objects.filter { $0.key.isBelow(root) }.map { (path: $0.key, interfaces: $0.value) }
            .sorted { $0.path < $1.path }
    }

    /// The elements under which something lies below a path.
    func children(of path: ObjectPath) -> [String] {
        let elements = objects.keys.filter { $0.isBelow(path) }.map { below in
            String(below.text.dropFirst(path.prefix.count).prefix { $0 != "/" })
        }
        return Set(elements).sorted()
    }

    /// Everything that can be called at a path, with the standard interfaces; nil when there is no
    /// object and none below.
    func allInterfaces(at path: ObjectPath) -> [Interface]? {
        let own = objects[path]
        guard own != nil || path == root || objects.keys.contains(where: { $0.isBelow(path) })
        else {
            return nil
        }
        return Standard.everywhere + (path == root ? [Standard.objectManager] : []) + (own ?? [])
    }

    /// Finds the method that a call means.
    ///
    /// A call may leave out the interface; then the first one with such a method counts (D-Bus
    /// specification, "Method Calls").
    func method(
        _ name: String, of interface: String?, at path: ObjectPath
    ) throws(BusError) -> Method {
        // Whoever can be reached answers a ping, also for a path without an object (D-Bus
        // specification, "org.freedesktop.DBus.Peer").
        if interface == Standard.peer.name, let method = Standard.peer.method(name) {
            return method
        }
        guard let interfaces = allInterfaces(at: path) else {
            throw BusError(.unknownObject, "there is no object \(path)")
        }
        guard let interface else {
            let methods = interfaces.lazy.compactMap { $0.method(name) }
            if let method = methods.first { return method }
            throw BusError(.unknownMethod, "\(path) has no method \(name)")
        }
        guard let table = interfaces.first(where: { $0.name == interface }) else {
            throw BusError(.unknownInterface, "\(path) has no interface \(interface)")
        }
        if let method = table.method(name) { return method }
        throw BusError(.unknownMethod, "\(interface) has no method \(name)")
    }

    /// Finds an interface for the Properties methods.
    func interface(_ name: String, at path: ObjectPath) throws(BusError) -> Interface {
        if let table = allInterfaces(at: path)?.first(where: { $0.name == name }) { return table }
        throw BusError(.unknownInterface, "\(path) has no interface \(name)")
    }
}
