extension ObjectTree {
    /// The description of an object for machines (D-Bus specification, "Introspection Data
    /// Format"): its interfaces and the names one level down.
    func introspection(of path: ObjectPath) -> String {
        var text = """
            <!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"
             "http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">
            <node>

            """
        for interface in allInterfaces(at: path) ?? [] { text += interface.introspection }
        for child in children(of: path) { text += " <node name=\"\(child)\"/>\n" }
        return text + "</node>\n"
    }
}

extension Interface {
    /// The `<interface>` element.
    var introspection: String {
        var text = " <interface name=\"\(name)\">\n"
        text += doc(summary, indent: 2)
        for method in methods {
            text += "  <method name=\"\(method.name)\">\n"
            text += doc(method.summary, indent: 3)
            text += elements(method.input, " direction=\"in\"")
            text += elements(method.output, " direction=\"out\"")
            text += "  </method>\n"
        }
        for property in properties {
            let access = property.change == nil ? "read" : "readwrite"
            text += "  <property name=\"\(property.name)\" type=\"\(property.type)\""
            text += " access=\"\(access)\">\n"
            text += doc(property.summary, indent: 3)
            let annotation = "org.freedesktop.DBus.Property.EmitsChangedSignal"
            text +=
                "   <annotation name=\"\(annotation)\" value=\"\(property.notice.rawValue)\"/>\n"
            text += "  </property>\n"
        }
        for signal in signals {
            text += "  <signal name=\"\(signal.name)\">\n"
            text += doc(signal.summary, indent: 3)
            text += elements(signal.arguments, "")
            text += "  </signal>\n"
        }
        return text + " </interface>\n"
    }

    private func elements(_ arguments: Arguments, _ direction: String) -> String {
        arguments.list.map {
            "   <arg name=\"\(escaped($0.name))\" type=\"\($0.type)\"\(direction)/>\n"
        }.joined()
    }

    /// The annotation that GLib's tools and busctl's readers know.
    private func doc(_ summary: String, indent: Int) -> String {
        guard !summary.isEmpty else { return "" }
        let space = String(repeating: " ", count: indent)
        return space
            + "<annotation name=\"org.gtk.GDBus.DocString\" value=\"\(escaped(summary))\"/>\n"
    }

    private func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}

extension Interface {
    /// The description of the interface for people.
    public func markdown() -> String {
        var text = "## \(name)\n"
        if !summary.isEmpty { text += "\n\(summary)\n" }
        if !methods.isEmpty {
            text += "\n| method | arguments | results | needs | |\n|---|---|---|---|---|\n"
            for method in methods {
                text += "| `\(method.name)` | \(cell(method.input)) | \(cell(method.output)) "
                text += "| \(method.needs) | \(cell(method.summary)) |\n"
            }
        }
        if !properties.isEmpty {
            text += "\n| property | type | to read | to change | |\n|---|---|---|---|---|\n"
            for property in properties {
                let change = property.change.map { "\($0.needs)" } ?? "–"
                text += "| `\(property.name)` | `\(property.type)` | \(property.needs) | \(change) "
                text += "| \(cell(property.summary)) |\n"
            }
        }
        if !signals.isEmpty {
            text += "\n| signal | arguments | |\n|---|---|---|\n"
            for signal in signals {
                text +=
                    "| `\(signal.name)` | \(cell(signal.arguments)) | \(cell(signal.summary)) |\n"
            }
        }
        return text
    }

    private func cell(_ arguments: Arguments) -> String {
        arguments.list.isEmpty
            ? "–" : arguments.list.map { "\($0.name) `\($0.type)`" }.joined(separator: ", ")
    }

    private func cell(_ text: String) -> String {
        text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
}
