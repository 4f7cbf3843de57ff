internal import HubStore
internal import HubSync

/// Puts one `PlantedBug` between a hub's engine and the world. Without a bug it passes everything on.
struct Saboteur {
    let bug: PlantedBug?
    /// Commands of chunks that are not to arrive, and at whom.
    private var withheld: [[UInt8]: Set<UInt32>] = [:]
    private var forgedAnswers = 0

    init(bug: PlantedBug?) { self.bug = bug }

    private static let ping = Array("*1\r\n$4\r\nPING\r\n".utf8)
    private static let pong = Array("+PONG\r\n".utf8)

    func recovered(_ recovered: SyncEngine.Recovered) -> SyncEngine.Recovered {
        var recovered = recovered
        switch bug {
        case .noDeduplication: recovered.received = [:]
        case .markMovedByRoll: recovered.received = recovered.received.mapValues(Self.marked)
        default: break
        }
        return recovered
    }

    func positions(_ positions: Positions) -> Positions {
        guard bug == .noDeduplication else { return positions }
        return positions.mapValues { $0.mapValues { BinlogProgress(firstOpenFile: $0.firstOpenFile) } }
    }

    typealias Positions = [ServerID: [ServerID: BinlogProgress]]

    func advance(
        _ advance: SyncEngine.Advance, received: [ServerID: BinlogProgress], _ servers: [UInt32]
    ) -> SyncEngine.Advance {
        var advance = advance
        switch bug {
        case .markMovedByRoll: advance.acknowledged = advance.acknowledged.mapValues { $0.mapValues(Self.marked) }
        case .positionOfReading:
            for (source, progress) in received {
                for server in servers where ServerID(server) != source {
                    advance.acknowledged[source, default: [:]][ServerID(server), default: BinlogProgress()]
                        .formUnion(progress)
                }
            }
        case .cutsNotReplicated: advance.cuts = [:]
        case .suspectsNotReplicated: (advance.suspects, advance.repairedKeys) = ([], [])
        default: break
        }
        return advance
    }

    private static func marked(_ progress: BinlogProgress) -> BinlogProgress {
        var marked = progress
        for single in progress.singles { marked.cover(single) }
        return marked
    }

    func overflow() -> OverflowMemory { OverflowMemory(limit: bug == .versionsForgotten ? 0 : .max) }

    mutating func relayed(_ chunk: RelayChunk) {
        switch (bug, chunk.audience) {
        case (.noRepair, .only(let servers)): withhold(chunk, from: servers)
        case (.noEcho, .everyone): withhold(chunk, from: [chunk.source])
        case (.redeliveryTrusted, .only(let servers)):
            let isDelta = SyncSimulation.commands(in: chunk.commands).contains {
                [Plan.Family.counter, .list, .sortedSet].map(\.rawValue).contains($0[1][0])
            }
            if isDelta { withhold(chunk, from: servers) }
        default: break
        }
    }

    private mutating func withhold(_ chunk: RelayChunk, from servers: [ServerID]) {
        withheld[chunk.commands, default: []].formUnion(servers.map(\.rawValue))
    }

    /// What goes out in the place of `bytes`, and what the hub is answered at once.
    mutating func sent(
        _ bytes: [UInt8], to server: UInt32, relay: MemoryRelay
    ) -> (bytes: [UInt8], answer: [UInt8]) {
        if withheld[bytes]?.contains(server) == true { return ([], []) }
        if bug == .acknowledgedEarly, bytes == Self.ping {
            // Only the barriers: the heartbeat's answer looks the same and does no harm.
            return ([], Self.pong)
        }
        return (bytes, [])
    }

    /// What the hub hears in the place of what arrived.
    func received(_ bytes: [UInt8], isBinlog: Bool) -> [UInt8] {
        guard !isBinlog else { return bytes }
        switch bug {
        // An offset that no record of the file reaches.
        case .evidenceIgnored: return Self.replaceNumber(1, after: "binlog_offset:", in: bytes, with: 0x39)
        default: return bytes
        }
    }

    /// Makes every digit of the n-th number after a word the same; the length stays, as answers say it ahead.
    private static func replaceNumber(_ n: Int, after word: String, in bytes: [UInt8], with digit: UInt8) -> [UInt8] {
        let word = Array(word.utf8)
        guard bytes.count > word.count else { return bytes }
        var bytes = bytes
        for start in 0...bytes.count - word.count where bytes[start..<start + word.count].elementsEqual(word) {
            var index = start + word.count
            var number = 0
            while index < bytes.count, bytes[index] != 0x0D {
                if bytes[index] == 0x20 { number += 1 } else if number == n { bytes[index] = digit }
                index += 1
            }
        }
        return bytes
    }

    func hidesEnd(_ side: Wire.Side) -> Bool { bug == .dataLossUnnoticed && side == .far }
}
