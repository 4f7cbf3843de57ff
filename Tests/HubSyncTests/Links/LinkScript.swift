import HubStore

@testable import HubSync

/// Drives a link by hand: each call answers with what the link wants done, in short words.
struct LinkScript {
    static let hub = PikaLink.Settings(hubHost: "10.0.0.1", hubPort: 6868, isStrict: true)

    private(set) var link: PikaLink
    var now = 100.0
    var wantedFile: UInt32? = 3

    init(password: String = "", isStrict: Bool = true) {
        var settings = Self.hub
        settings.isStrict = isStrict
        link = PikaLink(
            server: ServerID(1), address: Address(host: "10.0.0.2", port: 9221), password: password, settings: settings)
    }

    mutating func tick(after seconds: Double = 0) -> [String] {
        now += seconds
        return words(link.tick(now: now, wantedFile: wantedFile))
    }

    mutating func connected(_ role: PikaLink.Role) -> [String] { words(link.connected(role, now: now)) }
    mutating func closed(_ role: PikaLink.Role) -> [String] { words(link.closed(role, reason: "reset", now: now)) }
    mutating func dataClosed() -> [String] { words(link.dataConnectionClosed(reason: "reset", now: now)) }
    mutating func answer(_ reply: Reply) -> [String] { words(link.received(reply, now: now)) }
    mutating func measure() -> [String] { words(link.measure(token: 7, now: now)) }
    mutating func heartbeatAnswered() { link.heartbeatAnswered() }

    /// Answers `INFO log` and `INFO hub`.
    mutating func report(
        stage: String? = "STOPED", hub: String = "10.0.0.1:7868", window: String = "3 - 2", file: UInt32 = 5
    ) -> [String] {
        let log = answer(.bulk(Array("binlog_offset:\(file) 100\r\n".utf8)))
        guard let stage else { return log + answer(.bulk([])) }
        let text = "Connected hub: \(hub)\r\nSending window: \(window)\r\nHub stage: \(stage)\r\n"
        return log + answer(.bulk(Array(text.utf8)))
    }

    /// Answers `INFO replication`, and the other two.
    mutating func report(role: String, file: UInt32) -> [String] {
        _ = answer(.bulk(Array("role:\(role)\r\n".utf8)))
        return report(file: file)
    }

    /// Dials and greets, up to the first report.
    mutating func greet(server: UInt32 = 1) {
        _ = tick()
        _ = connected(.control)
        if !link.password.isEmpty { _ = answer(.status("OK")) }
        _ = answer(.bulk(Array("server_id:\(server)\r\n".utf8)))
    }

    /// All the way in.
    mutating func start() {
        greet()
        _ = report(hub: ":0", window: "0 - -1")
        _ = answer(.status("OK"))
        _ = report(stage: "DEGRADE")
        _ = connected(.sender)
        _ = connected(.heartbeat)
    }

    private func words(_ actions: [PikaLink.Action]) -> [String] {
        actions.compactMap { action in
            switch action {
            case .connect(let role): "connect \(role)"
            case .send(let role, let bytes):
                "\(role): "
                    + bytes.text.split(separator: "\r\n").filter { !"*$".contains($0.prefix(1)) }
                    .joined(separator: " ")
            case .closeAll: "close"
            case .started(let file, let startsOver): "started \(file)\(startsOver ? " over" : "")"
            case .endsEarlier(let end): "ends earlier \(end)"
            case .stopped: "stopped"
            case .status(let status): "status \(status.producerFile):\(status.producerOffset)"
            case .measured(let token, let file, let offset): "measured \(token) \(file):\(offset)"
            case .answer(let token, _): "answer \(token)"
            case .log(let event): event.kind == "link-running" ? nil : "log \(event.kind)"
            }
        }
    }
}
