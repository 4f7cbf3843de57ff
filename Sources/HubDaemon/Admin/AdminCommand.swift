internal import Metrics

/// A command of the admin port: what COMMAND, HELP and the README say of it, and what it does.
struct AdminCommand: Sendable {
    struct Argument: Hashable, Sendable {
        enum Count: Hashable, Sendable { case one, optional, any }

        var name: String
        var count: Count

        static func one(_ name: String) -> Argument { Argument(name: name, count: .one) }
        static func optional(_ name: String) -> Argument { Argument(name: name, count: .optional) }
        static func any(_ name: String) -> Argument { Argument(name: name, count: .any) }
    }

    /// The groups that redis-cli's help shows.
    enum Group: String, Hashable, Sendable { case connection, server, cluster }

    typealias Handler = @Sendable (inout AdminSession, AdminContext, [[UInt8]]) async -> RESPReply

    /// In lower case.
    let name: String
    let group: Group
    let arguments: [Argument]
    let summary: String
    /// May be used before AUTH.
    let isOpen: Bool
    /// Gets the arguments without the name, as many as `arguments` allows.
    let run: Handler

    init(
        _ name: String, _ group: Group, _ arguments: [Argument], isOpen: Bool = false, _ summary: String,
        run: @escaping Handler
    ) {
        self.name = name
        self.group = group
        self.arguments = arguments
        self.summary = summary
        self.isOpen = isOpen
        self.run = run
    }

    var minimumArguments: Int { arguments.count { $0.count == .one } }
    var maximumArguments: Int { arguments.contains { $0.count == .any } ? .max : arguments.count }

    /// For instance `TRANSFER server_id ip port [password]`.
    var syntax: String {
        let parts = arguments.map { argument in
            switch argument.count {
            case .one: argument.name
            case .optional: "[\(argument.name)]"
            case .any: "[\(argument.name) …]"
            }
        }
        return ([name.uppercased()] + parts).joined(separator: " ")
    }
}

/// What the handlers work with.
struct AdminContext: Sendable {
    var control: any HubControl
    var configuration: LiveConfiguration
    var clients: ClientRegistry
    /// Reads the clock that `clients` was told of.
    var now: @Sendable () -> ContinuousClock.Instant
    /// Where swift-metrics' instruments record.
    var metrics: MetricRegistry
}

extension AdminCommand {
    /// All commands, by name.
    static let all = (connectionCommands + serverCommands + groupCommands).sorted { $0.name < $1.name }
    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    static func named(_ name: String) -> AdminCommand? { byName[name.lowercased()] }

    /// Answers a request of at least one word. Nothing but AUTH, HELLO and QUIT says anything before the password.
    static func answer(
        _ request: [[UInt8]], session: inout AdminSession, context: AdminContext
    ) async -> RESPReply {
        let typed = String(decoding: request[0], as: UTF8.self)
        let command = named(typed)
        let needsPassword = !context.configuration.current.requirepass.isEmpty && !session.isAuthenticated
        if needsPassword, command?.isOpen != true { return .error("NOAUTH Authentication required.") }
        guard let command else {
            return .failure("unknown or unsupported command '\(typed.prefix(128))'")
        }
        session.lastCommand = command.name
        let arguments = Array(request.dropFirst())
        guard (command.minimumArguments...command.maximumArguments).contains(arguments.count) else {
            return wrongArgumentCount(command.name)
        }
        if command.group == .cluster, let reason = context.control.removal { return .failure(reason) }
        let began = context.now()
        defer {
            Timer(label: commandTimer, dimensions: [("command", command.name)], factory: context.metrics)
                .record(duration: context.now() - began)
        }
        return await command.run(&session, context, arguments)
    }

    /// What a command's duration is recorded under.
    static let commandTimer = "admin.command"

    static func wrongArgumentCount(_ name: String) -> RESPReply {
        .failure("wrong number of arguments for '\(name)' command")
    }
}

extension [UInt8] {
    /// The bytes as text; what is no UTF-8 becomes U+FFFD.
    var text: String { String(decoding: self, as: UTF8.self) }
}
