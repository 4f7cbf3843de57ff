internal import HubStore
internal import HubSync

/// CONFLICTS: a key that several servers wrote at once, whose version won, and what was sent where.
extension AdminCommand {
    static let conflicts: Handler = { _, context, arguments in
        guard let count = Int(arguments.first?.text ?? "10"), (1...ConflictLog.maximumEntries).contains(count) else {
            return .failure("count must be a number from 1 to \(ConflictLog.maximumEntries)")
        }
        return .array(await context.control.conflicts(limit: count).map(row))
    }

    private static func row(_ entry: ConflictLog.Entry) -> RESPReply {
        let (versions, winner, outcome) = columns(entry.event)
        return .map([
            .init("unix_seconds", .integer(Int(entry.unixSeconds))), .init("key", .bulk(entry.key)),
            .init("versions", .array(versions.map(column))), .init("winner", .integer(Int(winner.rawValue))),
            .init("outcome", .text(outcome)),
        ])
    }

    private static func columns(
        _ event: ConflictLog.Event
    ) -> (versions: [ConflictLog.Version], winner: ServerID, outcome: String) {
        switch event {
        case .conflict(let write, let known, .sentToAll):
            ([write, known], write.source, "sent to all servers, its own too")
        case .conflict(let write, let known, .sentToOthers(let winner)):
            ([write, known], winner, "sent to the other servers; the key awaits repair")
        case .conflict(let write, let known, .dropped(let winner)):
            ([write, known], winner, "not sent; the key awaits repair")
        case .repaired(let winner, let others):
            ([], winner, "repaired: its state was sent to \(others.map(\.description).joined(separator: ", "))")
        case .unrepaired(let winner):
            ([], winner, "unrepaired: its state cannot be copied, the other servers may differ")
        }
    }

    private static func column(_ version: ConflictLog.Version) -> RESPReply {
        .map([
            .init("server", .integer(Int(version.source.rawValue))),
            .init("position", .text("\(version.position.file):\(version.position.offset)")),
            .init("seconds", .integer(Int(version.seconds))),
        ])
    }
}
