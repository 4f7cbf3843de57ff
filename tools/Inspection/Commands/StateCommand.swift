import ArgumentParser
import HubStore

struct StateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "state", abstract: "Shows the replicated state: hubs, servers, positions, primary, repairs.")

    @OptionGroup var options: DirectoryOptions
    @OptionGroup var secrets: SecretOptions

    func run() throws {
        let contents = try options.read()
        try options.show(
            StateReport(try contents.savedState(), pending: try contents.relay.get()?.suspects, shown: secrets.shown))
    }
}

struct OffsetsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "offsets", abstract: "Shows what each destination has acknowledged of each source, as a matrix.")

    @OptionGroup var options: DirectoryOptions

    func run() throws { try options.show(OffsetsReport(try options.read().savedState().state)) }
}

extension FloydContents {
    func savedState() throws(InspectionError) -> StateStore.Saved {
        guard let saved = try state.get() else {
            throw InspectionError("there is no state yet: this hub has applied nothing")
        }
        return saved
    }
}

struct StateReport: Report {
    struct HubRow: Encodable {
        var id, raftAddress, adminAddress: String
    }

    struct ServerRow: Encodable {
        var id: UInt32
        var kind, address, password: String
        var isPaused: Bool
        var generation: UInt64
    }

    /// A key that awaits repair.
    struct SuspectRow: Encodable {
        var key: String
        /// `replicated`, or `relay`: known to the primary only.
        var known: String
        var winner: UInt32?
        var differing: [UInt32]?
    }

    struct DroppedRow: Encodable {
        var id: UInt32
        var address: String
    }

    var appliedIndex: UInt64
    var primary: PrimaryRow?
    var hubs: [HubRow]
    var servers: [ServerRow]
    var dropped: [DroppedRow]
    var offsets: OffsetsReport
    var suspects: [SuspectRow]

    /// - Parameters:
    ///   - pending: the keys that await repair by the relay log of this hub.
    ///   - shown: what is printed for a password.
    init(_ saved: StateStore.Saved, pending: [RelayStore.SuspectName: ServerID]?, shown: (String) -> String) {
        let state = saved.state
        appliedIndex = saved.appliedIndex
        primary = state.primary.map(PrimaryRow.init)
        hubs = state.hubs.values.sorted { $0.id < $1.id }.map {
            HubRow(id: "\($0.id)", raftAddress: "\($0.raftAddress)", adminAddress: "\($0.adminAddress)")
        }
        servers = state.servers.values.sorted { $0.id < $1.id }.map {
            ServerRow(
                id: $0.id.rawValue, kind: $0.kind.rawValue, address: "\($0.address)", password: shown($0.password),
                isPaused: $0.isPaused, generation: $0.generation.rawValue)
        }
        dropped = state.dropped.sorted { $0.key < $1.key }.map {
            DroppedRow(id: $0.key.rawValue, address: "\($0.value)")
        }
        offsets = OffsetsReport(state)
        suspects = state.suspects.values.map {
            SuspectRow(
                key: readable($0.key), known: "replicated", winner: $0.winner?.rawValue,
                differing: $0.differing.map(\.rawValue).sorted())
        }
        suspects += (pending ?? [:]).map {
            SuspectRow(key: readable($0.key.key), known: "relay", winner: $0.value.rawValue, differing: nil)
        }
        suspects.sort { ($0.known, $0.key) < ($1.known, $1.key) }
    }

    var text: String {
        var parts = [columns([["applied", "\(appliedIndex)"], ["primary", primary?.text ?? "none yet"]])]
        func add(_ title: String, _ rows: [[String]]) {
            if !rows.isEmpty { parts.append("\n\(title)\n\(columns(rows))") }
        }
        add("hubs", hubs.map { [$0.id, $0.raftAddress, "admin port \($0.adminAddress)"] })
        add(
            "servers",
            servers.map {
                [
                    "\($0.id)", $0.kind, $0.address, $0.password.isEmpty ? "" : "password \($0.password)",
                    "generation \($0.generation)", $0.isPaused ? "paused" : "",
                ]
            })
        add("dropped servers", dropped.map { ["\($0.id)", $0.address] })
        if !offsets.routes.isEmpty { parts.append("\nacknowledged: row source, column destination\n\(offsets.text)") }
        add(
            "pending repairs",
            suspects.map { row in
                let differing = row.differing.map { "at \($0.map(String.init).joined(separator: ","))" } ?? ""
                return [row.key, row.winner.map { "from \($0)" } ?? "winner unknown", differing, row.known]
            })
        return parts.joined(separator: "\n")
    }
}

struct OffsetsReport: Report {
    struct Route: Encodable {
        var source, destination: UInt32
        /// The newest acknowledged position.
        var newest: String
        var progress: BinlogProgress
    }

    /// The known servers and those that only positions are known of, in order.
    var servers: [UInt32]
    var routes: [Route]

    init(_ state: HubState) {
        routes = []
        for (source, row) in state.acknowledged {
            for (destination, progress) in row {
                routes.append(
                    Route(
                        source: source.rawValue, destination: destination.rawValue,
                        newest: "\(progress.newest)", progress: progress))
            }
        }
        routes.sort { ($0.source, $0.destination) < ($1.source, $1.destination) }
        let ids = state.servers.keys.map(\.rawValue) + routes.flatMap { [$0.source, $0.destination] }
        servers = Set(ids).sorted()
    }

    var text: String {
        let header = [["source"] + servers.map { "→ \($0)" }]
        return columns(
            header
                + servers.map { source in
                    ["\(source)"]
                        + servers.map { destination in
                            let route = routes.first { $0.source == source && $0.destination == destination }
                            return route?.newest ?? (source == destination ? "" : "-")
                        }
                })
    }
}
