internal import Synchronization

/// The connections of the admin port and what they have done, for limits, CLIENT LIST and INFO.
final class ClientRegistry: Sendable {
    struct Client: Sendable {
        var session: AdminSession
        var connectedAt: ContinuousClock.Instant
        /// When its last request was done; bytes that make no whole request don't count.
        var lastActive: ContinuousClock.Instant
        var close: @Sendable () -> Void
    }

    struct Statistics: Hashable, Sendable {
        var connectedClients = 0
        var connectionsReceived = 0
        var connectionsRejected = 0
        var idleConnectionsClosed = 0
        var protocolErrors = 0
        var commandsProcessed = 0
        var commandsPerSecond = 0
        var failedLogins = 0
    }

    private struct State {
        var clients: [Int: Client] = [:]
        var perHost: [String: Int] = [:]
        var lastID = 0
        var statistics = Statistics()
        var commandsAtLastTick = 0
        var logins = LoginThrottle()
    }

    private let state = Mutex(State())
    /// Connections that leave enough descriptors for links, files and other hubs.
    private let mostConnections: Int

    /// - Parameter descriptorLimit: what the process may have open. Clients get no more than half of it, or what 4096
    ///   leave.
    init(descriptorLimit: Int = .max) {
        mostConnections = descriptorLimit - min(descriptorLimit / 2, 4096)
    }

    /// Takes a connection in.
    ///
    /// - Returns: its session, or the error line for a client that is refused.
    func admit(
        host: String, port: Int, configuration: Configuration, now: ContinuousClock.Instant,
        close: @escaping @Sendable () -> Void
    ) -> Result<AdminSession, AdmissionRefusal> {
        state.withLock { state in
            state.statistics.connectionsReceived += 1
            let refusal: AdmissionRefusal? =
                if configuration.protectedMode, configuration.requirepass.isEmpty, !isLoopback(host) {
                    .protected
                } else if state.clients.count >= min(configuration.adminMaxConnections, mostConnections) {
                    .tooMany
                } else if state.perHost[host, default: 0] >= configuration.adminMaxConnectionsPerAddress {
                    .tooManyFromAddress
                } else {
                    nil
                }
            if let refusal {
                state.statistics.connectionsRejected += 1
                return .failure(refusal)
            }
            state.lastID += 1
            let session = AdminSession(id: state.lastID, host: host, port: port)
            state.clients[session.id] = Client(session: session, connectedAt: now, lastActive: now, close: close)
            state.perHost[host, default: 0] += 1
            return .success(session)
        }
    }

    /// How long a client has to wait before its password is looked at; nil: it is refused.
    func turnToLogIn(_ host: String, now: ContinuousClock.Instant) -> Duration? {
        state.withLock { $0.logins.turn(of: host, now: now) }
    }

    func loginEnded(_ host: String, isRight: Bool, now: ContinuousClock.Instant) {
        state.withLock { $0.logins.ended(of: host, isRight: isRight, now: now) }
    }

    /// Notes that a request was answered.
    func update(_ session: AdminSession, now: ContinuousClock.Instant) {
        state.withLock { state in
            state.statistics.commandsProcessed += 1
            if session.failedLogins > state.clients[session.id]?.session.failedLogins ?? 0 {
                state.statistics.failedLogins += 1
            }
            state.clients[session.id]?.session = session
            state.clients[session.id]?.lastActive = now
        }
    }

    func remove(_ session: AdminSession, afterProtocolError: Bool = false) {
        state.withLock { state in
            if afterProtocolError { state.statistics.protocolErrors += 1 }
            guard state.clients.removeValue(forKey: session.id) != nil else { return }
            let left = state.perHost[session.host, default: 1] - 1
            state.perHost[session.host] = left > 0 ? left : nil
        }
    }

    /// By id.
    var clients: [Client] { state.withLock { $0.clients.values.sorted { $0.session.id < $1.session.id } } }

    var statistics: Statistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.connectedClients = state.clients.count
            return statistics
        }
    }

    /// Once a second: measures the rate of commands and closes connections that were idle for too long.
    func tick(now: ContinuousClock.Instant, idleTimeoutSeconds: Int) {
        let idle = state.withLock { state in
            let processed = state.statistics.commandsProcessed
            state.statistics.commandsPerSecond = processed - state.commandsAtLastTick
            state.commandsAtLastTick = processed
            guard idleTimeoutSeconds > 0 else { return [Client]() }
            let idle = state.clients.values.filter {
                $0.session.watched == nil && now - $0.lastActive > .seconds(idleTimeoutSeconds)
            }
            state.statistics.idleConnectionsClosed += idle.count
            return idle
        }
        for client in idle { client.close() }
    }
}

/// Why a connection to the admin port is refused.
enum AdmissionRefusal: Error, Hashable {
    case tooMany, tooManyFromAddress, protected

    /// The line that the client gets before it is closed.
    var reply: RESPReply {
        switch self {
        case .tooMany: .failure("max number of clients reached")
        case .tooManyFromAddress: .failure("max number of clients of one address reached")
        case .protected:
            .error(
                "DENIED this hub has no requirepass and runs in protected mode, in which it answers only clients on its"
                    + " own machine. Set requirepass (or, in a closed network, 'protected-mode : no') in its"
                    + " configuration file or with CONFIG SET on its own machine.")
        }
    }
}

/// True for addresses that only this machine can have as a client's.
private func isLoopback(_ host: String) -> Bool {
    host.hasPrefix("127.") || host == "::1" || host.hasPrefix("::ffff:127.")
}
