internal import HubStore

extension AdminCommand {
    /// What an operator sees and sets on the hub itself.
    static let serverCommands: [AdminCommand] = [
        AdminCommand(
            "info", .server, [.any("section")],
            "Shows figures: \(InfoSection.allCases.map(\.rawValue).joined(separator: ", ")), default or all."
        ) { _, context, arguments in
            var sections: [InfoSection] = []
            for name in arguments.map({ $0.text.lowercased() }) {
                guard let chosen = InfoSection.chosen(by: name) else {
                    return .failure("unknown INFO section '\(name.prefix(128))'")
                }
                sections += chosen
            }
            let renderer = InfoRenderer(info: await context.control.info(), clients: context.clients.statistics)
            return .verbatim(renderer.render(arguments.isEmpty ? InfoSection.standard : sections))
        },
        AdminCommand(
            "config", .server, [.one("GET | SET | REWRITE"), .any("argument")],
            "Shows settings (GET pattern …), changes them (SET key value …), or brings the configuration file in line "
                + "with them and with the group's servers and hubs (REWRITE).", run: config),
        AdminCommand(
            "conflicts", .server, [.optional("count")],
            "Lists the newest conflicts and repairs of a primary, 10 unless told.", run: conflicts),
        AdminCommand("shutdown", .server, [], "Stops this hub cleanly, as SIGTERM does.") { session, context, _ in
            session.closesAfterReply = true
            await context.control.shutDown()
            return .ok
        },
    ]

    private static let config: Handler = { _, context, arguments in
        let rest = arguments.dropFirst().map(\.text)
        switch arguments[0].text.lowercased() {
        case "get" where !rest.isEmpty:
            let patterns = rest.map { Array($0.lowercased().utf8) }
            let configuration = context.configuration.current
            let chosen = Setting.all.filter { setting in
                patterns.contains { matches(Array(setting.key.utf8)[...], pattern: $0[...]) }
            }
            return .map(chosen.map { .init($0.key, .text($0.show(configuration, false))) })
        case "set" where !rest.isEmpty && rest.count.isMultiple(of: 2):
            let pairs = stride(from: 0, to: rest.count, by: 2).map { (key: rest[$0], text: rest[$0 + 1]) }
            return context.configuration.set(pairs).map(RESPReply.failure) ?? .ok
        case "rewrite" where rest.isEmpty:
            do throws(ConfigurationFileError) {
                let info = await context.control.info()
                try context.configuration.rewrite(
                    servers: info.state.servers.values.map(\.description).sorted { $0.id < $1.id },
                    hubs: info.members.map(\.raftAddress))
                return .ok
            } catch {
                return .failure(error.description)
            }
        default: return .failure("unknown subcommand or wrong number of arguments for 'config' command")
        }
    }

    /// Whether `text` is described by a pattern with `*` for any bytes and `?` for one.
    private static func matches(_ text: ArraySlice<UInt8>, pattern: ArraySlice<UInt8>) -> Bool {
        var text = text
        var pattern = pattern
        var retry: (text: ArraySlice<UInt8>, pattern: ArraySlice<UInt8>)?
        while let byte = text.first {
            if pattern.first == UInt8(ascii: "*") {
                pattern = pattern.dropFirst()
                retry = (text, pattern)
            } else if let expected = pattern.first, expected == UInt8(ascii: "?") || expected == byte {
                text = text.dropFirst()
                pattern = pattern.dropFirst()
            } else if let last = retry {
                // The star takes one byte more.
                text = last.text.dropFirst()
                pattern = last.pattern
                retry = (text, pattern)
            } else {
                return false
            }
        }
        return pattern.allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
