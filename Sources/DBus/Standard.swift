internal import CDBus

/// The interfaces that the D-Bus specification describes for every object, served from tables
/// like all others.
enum Standard {
    /// Those that every object has.
    static let everywhere = [introspectable, peer, properties]

    static let introspectable = Interface("org.freedesktop.DBus.Introspectable") {
        Method("Introspect", out: ["xml_data": "s"], needs: .read) { call in
            [.string(call.service.objects.introspection(of: call.path))]
        }
    }

    static let peer = Interface("org.freedesktop.DBus.Peer") {
        Method("Ping", needs: .read) { _ in [] }
        Method("GetMachineId", out: ["machine_uuid": "s"], needs: .read) { _ throws(BusError) in
            guard let id = unsafe dbus_try_get_local_machine_id(nil) else {
                throw BusError(.failed, "this machine has no machine-id(5)")
            }
            defer { unsafe dbus_free(id) }
            return unsafe [.string(String(cString: id))]
        }
    }

    static let properties = Interface("org.freedesktop.DBus.Properties") {
        Method(
            "Get", in: ["interface_name": "s", "property_name": "s"], out: ["value": "v"],
            needs: .read
        ) { call throws(BusError) in
            let service = call.service
            let table = try service.objects.interface(call.string(0), at: call.path)
            let property = try table.property(call.string(1))
            try await service.check(property.needs, for: call)
            return [.variant(try service.value(of: property))]
        }
        Method(
            "Set", in: ["interface_name": "s", "property_name": "s", "value": "v"], needs: .read
        ) { call throws(BusError) in
            let service = call.service
            let table = try service.objects.interface(call.string(0), at: call.path)
            let property = try table.property(call.string(1))
            guard let change = property.change else {
                throw BusError(.propertyReadOnly, "\(property.name) cannot be set")
            }
            try await service.check(change.needs, for: call)
            guard case .variant(let value) = try call.value(2), value.type == property.type else {
                throw BusError(.invalidArgs, "\(property.name) has the type \(property.type)")
            }
            try await change.set(value, call)
            return []
        }
        Method(
            "GetAll", in: ["interface_name": "s"], out: ["props": "a{sv}"], needs: .read
        ) { call throws(BusError) in
            let table = try call.service.objects.interface(call.string(0), at: call.path)
            return [await call.service.readable(table, for: call.sender)]
        }
        Signal(
            "PropertiesChanged",
            [
                "interface_name": "s", "changed_properties": "a{sv}",
                "invalidated_properties": "as",
            ])
    }

    /// What the root object has besides: one call tells everything (D-Bus specification,
    /// "org.freedesktop.DBus.ObjectManager").
    static let objectManager = Interface("org.freedesktop.DBus.ObjectManager") {
        Method(
            "GetManagedObjects", out: ["objects": "a{oa{sa{sv}}}"], needs: .read
        ) { call in
            var objects: [BusValue.Entry] = []
            for (path, interfaces) in call.service.objects.managed {
                let tables = await call.service.readable(interfaces, for: call.sender)
                objects.append(BusValue.Entry(.objectPath(path), tables))
            }
            return [.dictionary(key: "o", value: "a{sa{sv}}", objects)]
        }
        Signal("InterfacesAdded", ["object": "o", "interfaces": "a{sa{sv}}"])
        Signal("InterfacesRemoved", ["object": "o", "interfaces": "as"])
    }
}
