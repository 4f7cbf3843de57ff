internal import HubStore

/// One server's link: every connection between the hub and that Pika, and the way to establish them safely
/// (`protocol/pika-2.3-hub.md`, section 1). A pure state machine: what happens comes in, what to do goes out.
///
/// The way in:
/// 1. *greeting*: the control connection to port P: AUTH, then INFO tells who the server is.
/// 2. *inspecting*: `INFO hub` until the stage is STOPED. A server that stays with another hub is taken over.
/// 3. *asking*: one INTERNALTRYSYNC, then `INFO hub` must show this hub and the file that was asked for, *before* the
///    connections of step 4: a Pika that reaches STARTED with another window loses its sender threads for good.
/// 4. *opening*: two connections to P+1100, sender and heartbeat.
/// 5. *running*: the server dials the hub and sends its binlog. The loss of any connection ends the epoch, because a
///    Pika does not send again what a broken data connection had in its buffers.
struct PikaLink: Sendable {
    struct Settings: Equatable, Sendable {
        /// The address that is announced, and that connections to P+1100 are made from: `floyd-local-ip`.
        var hubHost: String
        /// `sdk-port`; the server adds 1000.
        var hubPort: Int
        /// `binlog-offset-absolute-consistency : yes`.
        var isStrict: Bool
    }

    enum Phase: Equatable, Sendable {
        case waiting(until: Double)
        case dialing
        case greeting
        case inspecting(since: Double)
        /// `closes`: STOPED means that the server has closed every earlier connection, and closes no later one.
        case takingOver(since: Double, closes: Bool)
        case asking
        case opening
        case running
    }

    enum Role: Hashable, Sendable {
        case control
        case sender
        case heartbeat
    }

    enum Action: Equatable, Sendable {
        case connect(Role)
        case send(Role, [UInt8])
        /// Every connection of the link, the incoming ones too.
        case closeAll
        /// The server's binlog follows from the start of `file`. `startsOver`: it is older than what was asked for, so
        /// this is another binlog than the recorded one.
        case started(file: UInt32, startsOver: Bool)
        /// Its newest binlog file is one before the recorded position; it ends there. It is no slave on its way.
        case endsEarlier(BinlogPosition)
        /// The epoch that `started` began has ended.
        case stopped
        /// The server's own account of its senders.
        case status(BinlogSenderStatus)
        /// The answer to `measure`: the end of the server's binlog.
        case measured(token: UInt64, file: UInt32, offset: UInt64)
        /// The answer to `read`.
        case answer(token: UInt64, Reply)
        case log(LinkEvent)
    }

    /// What waits for an answer on the control connection.
    enum Request: Equatable, Sendable {
        case auth
        case info
        /// The last of a run of INFO requests: the report is complete now.
        case report
        case ask
        case measure(UInt64)
        case read(UInt64)
    }

    static let answerTimeoutSeconds = 10.0
    static let heartbeatSeconds = 3.0
    static let pollSeconds = 1.0
    /// How long a server that is not free is only watched. A hub that has died closes its connections well within it.
    static let patienceSeconds = 0.25
    /// After a take-over in stage DEGRADE the server may close connections up to a second later, new ones too.
    static let closingSeconds = 1.125
    /// A server that has refused for good is asked again this seldom.
    static let refusedSeconds = 60.0

    let server: ServerID
    let address: Address
    let settings: Settings
    let password: String
    var phase = Phase.waiting(until: 0)
    /// Why the link is not running; nil when it is, or when nothing has been tried yet.
    var trouble: String?
    var report = PikaReport()
    var reconnects: UInt64 = 0
    var takeovers: UInt64 = 0
    var failures = 0
    /// Whether it is asked if it is a slave.
    var asksRole = false
    /// The file to ask for; nil while nothing of the server is recorded, which means its oldest.
    var wantedFile: UInt32?
    var askedFile: UInt32 = 0
    /// When the running epoch began: incoming connections that are older belong to another.
    var openingSince = 0.0
    var connected: Set<Role> = []
    var requests: [Request] = []
    var requestsSince = 0.0
    var nextPoll = 0.0
    var nextHeartbeat = 0.0
    var heartbeatSince: Double?
    var doubtfulPolls = 0

    init(server: ServerID, address: Address, password: String, settings: Settings) {
        self.server = server
        self.address = address
        self.password = password
        self.settings = settings
    }

    var isRunning: Bool { phase == .running }

    /// The server has been told from which file to send, for the epoch that runs or is about to.
    var hasAsked: Bool { [.asking, .opening, .running].contains(phase) }

    /// `sync_status` of the original's INFO: 0 should connect, 1 connected, 2 error happened.
    var syncStatus: Int { isRunning ? 1 : failures > 0 ? 2 : 0 }

    var ownName: String { "\(settings.hubHost):\(settings.hubPort + 1000)" }

    // MARK: What happens

    /// Time passes.
    /// - Parameter wantedFile: the file in which the recorded position stands; nil when there is none.
    mutating func tick(now: Double, wantedFile: UInt32?) -> [Action] {
        self.wantedFile = wantedFile
        if !requests.isEmpty && now - requestsSince > Self.answerTimeoutSeconds {
            return fail("no answer on port \(address.port) for \(Int(Self.answerTimeoutSeconds)) s", now: now)
        }
        switch phase {
        case .waiting(let until):
            guard now >= until else { return [] }
            phase = .dialing
            return [.connect(.control)]
        case .inspecting, .takingOver:
            guard now >= nextPoll, requests.isEmpty else { return [] }
            return inspect(now: now)
        case .running:
            return beat(now: now) + poll(now: now)
        case .dialing, .greeting, .asking, .opening:
            return []
        }
    }

    mutating func connected(_ role: Role, now: Double) -> [Action] {
        connected.insert(role)
        switch (phase, role) {
        case (.dialing, .control):
            phase = .greeting
            var actions: [Action] = []
            if !password.isEmpty { actions.append(request(.auth, ["AUTH", password], now: now)) }
            actions.append(request(.info, ["INFO", "server"], now: now))
            return actions + inquire(now: now)
        case (.opening, _):
            guard connected.isSuperset(of: [.sender, .heartbeat]) else { return [] }
            return run(now: now)
        default:
            return []
        }
    }

    /// A connection could not be made or has ended.
    mutating func closed(_ role: Role, reason: String, now: Double) -> [Action] {
        connected.remove(role)
        if case .waiting = phase { return [] }
        let port = role == .control ? address.port : address.port + 1100
        return fail("\(role) connection to port \(port): \(reason)", now: now)
    }

    /// An incoming connection of the running epoch has ended.
    mutating func dataConnectionClosed(reason: String, now: Double) -> [Action] {
        guard isRunning else { return [] }
        return fail("a binlog connection ended: \(reason)", now: now)
    }

    /// `+PONG` on the heartbeat connection.
    mutating func heartbeatAnswered() { heartbeatSince = nil }

    /// An answer on the control connection.
    mutating func received(_ reply: Reply, now: Double) -> [Action] {
        guard !requests.isEmpty else { return fail("an answer that nothing was asked for", now: now) }
        let request = requests.removeFirst()
        requestsSince = now
        switch request {
        case .auth:
            if case .error(let text) = reply, !text.contains("no password") {
                return fail("AUTH was refused: \(text)", now: now, retryAfter: 10)
            }
            return []
        case .info, .report:
            if case .error(let text) = reply, text.contains("NOAUTH") {
                return fail("the server wants a password: \(text)", now: now, retryAfter: 10)
            }
            if case .bulk = reply, let text = reply.text { report.read(text) }
            return request == .report ? reported(now: now) : []
        case .ask:
            return asked(reply, now: now)
        case .measure(let token):
            guard case .bulk = reply, let text = reply.text else { return [] }
            report.read(text)
            guard let file = report.producerFile, let offset = report.producerOffset else { return [] }
            return [.measured(token: token, file: file, offset: offset)]
        case .read(let token):
            return [.answer(token: token, reply)]
        }
    }

    // MARK: What is asked of it

    /// Asks for the end of the server's binlog.
    mutating func measure(token: UInt64, now: Double) -> [Action] {
        isRunning ? [request(.measure(token), ["INFO", "log"], now: now)] : []
    }

    /// Reads something for a repair.
    mutating func read(token: UInt64, _ command: [[UInt8]], now: Double) -> [Action] {
        isRunning ? [request(.read(token), bytes: command, now: now)] : []
    }

    /// Gives the link up, with a reason that stays to be seen.
    mutating func fail(_ reason: String, now: Double, retryAfter: Double? = nil) -> [Action] {
        let wasRunning = isRunning
        failures += 1
        if wasRunning { reconnects += 1 }
        let delay = retryAfter ?? min(0.1 * Double(1 << min(failures - 1, 6)), 2)
        phase = .waiting(until: now + delay)
        connected = []
        requests = []
        heartbeatSince = nil
        doubtfulPolls = 0
        report = PikaReport()
        let isNew = trouble != reason
        trouble = reason
        var actions: [Action] = [.closeAll]
        if wasRunning { actions.append(.stopped) }
        if isNew || wasRunning {
            actions.append(
                .log(LinkEvent(.warning, "link-failed", server: server, "server \(server) at \(address): \(reason)")))
        }
        return actions
    }

    mutating func request(_ request: Request, _ words: [String], now: Double) -> Action {
        self.request(request, bytes: words.map { Array($0.utf8) }, now: now)
    }

    private mutating func request(_ request: Request, bytes: [[UInt8]], now: Double) -> Action {
        if requests.isEmpty { requestsSince = now }
        requests.append(request)
        var writer = CommandWriter()
        writer.command(bytes)
        return .send(.control, writer.take())
    }
}
