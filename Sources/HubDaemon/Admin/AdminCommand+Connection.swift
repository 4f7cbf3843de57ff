extension AdminCommand {
    /// What redis-cli and client libraries expect of any server.
    static let connectionCommands: [AdminCommand] = [
        AdminCommand("ping", .connection, [.optional("message")], "Answers PONG, or the message.") {
            _, _, arguments in
            arguments.first.map(RESPReply.bulk) ?? .simple("PONG")
        },
        AdminCommand("echo", .connection, [.one("message")], "Answers the message.") { _, _, arguments in
            .bulk(arguments[0])
        },
        AdminCommand(
            "auth", .connection, [.optional("username"), .one("password")], isOpen: true,
            "Logs in with requirepass. A user name is accepted and ignored."
        ) { session, context, arguments in
            await logIn(arguments[arguments.count - 1], &session, context).map(RESPReply.error) ?? .ok
        },
        AdminCommand(
            "hello", .connection, [.any("protover | AUTH username password | SETNAME name")], isOpen: true,
            "Chooses RESP2 or RESP3 and tells about the hub.", run: hello),
        AdminCommand("quit", .connection, [], isOpen: true, "Closes the connection.") { session, _, _ in
            session.closesAfterReply = true
            return .ok
        },
        AdminCommand("select", .connection, [.one("index")], "Accepts database 0.") { _, _, arguments in
            arguments[0].text == "0" ? .ok : .failure("DB index is out of range")
        },
        AdminCommand(
            "client", .connection,
            [.one("ID | GETNAME | SETNAME | SETINFO | INFO | LIST | KILL"), .any("argument")],
            "Names this connection, lists all of them, or closes one (KILL ip:port, KILL ID id).", run: client),
        AdminCommand(
            "command", .server, [.optional("COUNT | LIST | DOCS | INFO"), .any("name")],
            "Describes the commands, for redis-cli.", run: describeCommands),
        AdminCommand("help", .server, [.optional("command")], "Describes the commands, for people.") {
            _, _, arguments in
            let name = arguments.first?.text
            let chosen = all.filter { name == nil || $0.name == name?.lowercased() }
            guard !chosen.isEmpty else { return .failure("unknown command '\(name?.prefix(128) ?? "")'") }
            return .verbatim(chosen.map { "\($0.syntax)\n    \($0.summary)\n" }.joined())
        },
    ]

    /// - Returns: the error's text; nil on success.
    private static func logIn(
        _ password: [UInt8], _ session: inout AdminSession, _ context: AdminContext
    ) async -> String? {
        let tooMany = "ERR too many wrong passwords from your address; try again later"
        guard let wait = context.clients.turnToLogIn(session.host, now: context.now()) else { return tooMany }
        if wait > .zero {
            do { try await Task.sleep(for: wait) } catch { return tooMany }
        }
        let failures = session.failedLogins
        let error = session.logIn(password, required: context.configuration.current.requirepass)
        if error == nil || session.failedLogins > failures {
            context.clients.loginEnded(session.host, isRight: error == nil, now: context.now())
        }
        return error
    }

    private static let hello: Handler = { session, context, arguments in
        let required = context.configuration.current.requirepass
        var version = session.version
        var rest = arguments[...]
        if let first = rest.popFirst() {
            guard let chosen = Int(first.text).flatMap(RESPVersion.init) else {
                return .error("NOPROTO unsupported protocol version")
            }
            version = chosen
        }
        var name: String?
        while let option = rest.popFirst()?.text.lowercased() {
            if option == "auth", rest.count >= 2 {
                _ = rest.popFirst()
                if let error = await logIn(rest.popFirst() ?? [], &session, context) { return .error(error) }
            } else if option == "setname", let word = rest.popFirst() {
                name = word.text
            } else {
                return .failure("syntax error in HELLO option '\(option.prefix(128))'")
            }
        }
        if !required.isEmpty, !session.isAuthenticated { return .error("NOAUTH Authentication required.") }
        if let name {
            guard isClientName(name) else { return invalidName }
            session.name = name
        }
        session.version = version
        return .map([
            .init("server", .text("pika_hub")), .init("version", .text(HubVersion.current)),
            .init("proto", .integer(version.rawValue)), .init("id", .integer(session.id)),
            .init("mode", .text("standalone")), .init("role", .text("master")), .init("modules", .array([])),
        ])
    }

    private static let invalidName =
        RESPReply.failure("a client's name has at most 64 printable characters and no blanks")

    private static func isClientName(_ text: String) -> Bool {
        text.utf8.count <= 64 && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    // MARK: CLIENT

    private static let client: Handler = { session, context, arguments in
        let rest = Array(arguments.dropFirst())
        switch (arguments[0].text.lowercased(), rest.count) {
        case ("id", 0): return .integer(session.id)
        case ("getname", 0): return session.name.isEmpty ? .null : .text(session.name)
        case ("setname", 1):
            guard isClientName(rest[0].text) else { return invalidName }
            session.name = rest[0].text
            return .ok
        case ("setinfo", 2):
            guard isClientName(rest[1].text) else { return invalidName }
            switch rest[0].text.lowercased() {
            case "lib-name": session.libraryName = rest[1].text
            case "lib-ver": session.libraryVersion = rest[1].text
            default: return .failure("unrecognized option '\(rest[0].text.prefix(128))'")
            }
            return .ok
        case ("info", 0):
            let own = context.clients.clients.filter { $0.session.id == session.id }
            return .verbatim(own.map { line(for: $0, now: context.now()) }.joined())
        case ("list", 0):
            return .verbatim(context.clients.clients.map { line(for: $0, now: context.now()) }.joined())
        case ("kill", 1): return kill(&session, context) { "\($0.address)" == rest[0].text }
        case ("kill", 2) where rest[0].text.lowercased() == "id":
            return kill(&session, context) { "\($0.id)" == rest[1].text }
        case ("kill", 2) where rest[0].text.lowercased() == "addr":
            return kill(&session, context) { "\($0.address)" == rest[1].text }
        default: return .failure("unknown subcommand or wrong number of arguments for 'client' command")
        }
    }

    private static func kill(
        _ session: inout AdminSession, _ context: AdminContext, _ isMeant: (AdminSession) -> Bool
    ) -> RESPReply {
        let meant = context.clients.clients.filter { isMeant($0.session) }
        guard !meant.isEmpty else { return .failure("No such client") }
        for client in meant {
            if client.session.id == session.id { session.closesAfterReply = true } else { client.close() }
        }
        return .ok
    }

    /// As in Redis, as far as it has a meaning here.
    private static func line(for client: ClientRegistry.Client, now: ContinuousClock.Instant) -> String {
        let session = client.session
        let age = (now - client.connectedAt).components.seconds
        let idle = (now - client.lastActive).components.seconds
        return "id=\(session.id) addr=\(session.address) name=\(session.name) age=\(age) idle=\(idle) "
            + "resp=\(session.version.rawValue) cmd=\(session.lastCommand) lib-name=\(session.libraryName) "
            + "lib-ver=\(session.libraryVersion)\n"
    }
}
