internal import EventLoop

// What a service does with its connection: exporting objects and telling about changes.
extension Connection {
    /// Adds interfaces to the object at a path, and tells whoever watches the root.
    ///
    /// Works with and without a bus; an interface that the object has already is replaced.
    public func export(_ interfaces: [Interface], at path: ObjectPath) {
        service.objects.export(interfaces, at: path)
        guard path.isBelow(service.objects.root) else { return }
        announce("InterfacesAdded", [.objectPath(path), service.open(interfaces)])
    }

    /// Removes the object at a path, and tells whoever watches the root.
    public func withdraw(_ path: ObjectPath) {
        let names = service.objects.withdraw(path)
        guard !names.isEmpty, path.isBelow(service.objects.root) else { return }
        announce("InterfacesRemoved", [.objectPath(path), .strings(names)])
    }

    /// Tells that properties have changed, each as its table says: with its value, without, or not
    /// at all. A value that not everybody may read is never sent along.
    ///
    /// - Parameters:
    ///   - names: the properties; unknown ones trap, as they are spelled in our own code.
    ///   - interface: their interface.
    ///   - path: the object.
    public func propertiesChanged(
        _ names: [String], of interface: String, at path: ObjectPath
    ) {
        let table = service.objects.interfaces(at: path).first { $0.name == interface }
        // An object that was just withdrawn has nothing to tell.
        guard let table else { return }
        var changed: [(String, BusValue)] = []
        var invalidated: [String] = []
        for name in names {
            guard let property = try? table.property(name) else {
                preconditionFailure("\(interface) has no property \(name)")
            }
            switch property.notice {
            case .const, .never: continue
            case .value:
                if property.needs == .read, let value = try? service.value(of: property) {
                    changed.append((name, value))
                } else {
                    invalidated.append(name)
                }
            case .invalidates: invalidated.append(name)
            }
        }
        guard !changed.isEmpty || !invalidated.isEmpty else { return }
        emit(
            "PropertiesChanged", of: Standard.properties.name, at: path,
            [.string(interface), .options(changed), .strings(invalidated)])
    }

    /// Sends a signal to everybody who listens. Without a bus nobody listens; one that the bus does
    /// not take is counted.
    public func emit(
        _ member: String, of interface: String, at path: ObjectPath, _ arguments: [BusValue] = []
    ) {
        guard case .connected = state else { return }
        do {
            let message = try Message.signal(path, interface, member)
            try message.append(arguments)
            try send(message)
        } catch {
            counters.unsentSignals += 1
        }
    }

    private func announce(_ member: String, _ arguments: [BusValue]) {
        emit(member, of: Standard.objectManager.name, at: service.objects.root, arguments)
    }
}
