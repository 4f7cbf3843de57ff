import ArgumentParser
import HubStore
import HubSync

struct RelayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "relay", abstract: "Shows the relay log: what some destination has not acknowledged yet.")

    @OptionGroup var options: DirectoryOptions
    @Flag(help: "List the commands of each chunk.") var records = false

    func run() throws {
        guard let store = try options.read().relay.get() else {
            throw InspectionError("the relay log is empty: this hub was never primary")
        }
        try options.show(RelayReport(store, withCommands: records))
    }
}

struct RelayReport: Report {
    struct Place: Encodable {
        var server: UInt32
        /// How far the server has been read as a source.
        var received: String?
        /// The last chunk that it has acknowledged as a destination.
        var acknowledgedChunk: UInt64?
        /// Chunks that it has not acknowledged yet.
        var behind: UInt64?
    }

    struct Source: Encodable {
        var source: UInt32
        var chunks = 0
        var records = 0
        var bytes = 0
        /// Unix seconds by the source's clock.
        var oldest: UInt32
    }

    struct Chunk: Encodable {
        var sequence: UInt64
        var source: UInt32?
        var audience: String?
        var records: Int?
        var bytes: Int
        /// Unix seconds by the source's clock, of the newest record.
        var execTime: UInt32?
        var progress: String?
        /// Each with its arguments, long ones cut off.
        var commands: [[String]]?
        var problem: String?
    }

    var owner: String
    var firstChunk, nextChunk: UInt64
    var bytes = 0
    var places: [Place] = []
    var sources: [Source] = []
    var chunks: [Chunk] = []

    init(_ store: RelayStore, withCommands: Bool) throws(StoreError) {
        owner = store.owner
        (firstChunk, nextChunk) = (store.first.rawValue, store.next.rawValue)
        for server in Set(store.received.keys).union(store.cursors.keys).sorted() {
            let acknowledged = store.cursors[server]?.acknowledged.rawValue
            places.append(
                Place(
                    server: server.rawValue, received: store.received[server].map { "\($0.newest)" },
                    acknowledgedChunk: acknowledged,
                    behind: acknowledged.map { $0 < nextChunk ? nextChunk - 1 - $0 : 0 }))
        }
        try store.forEachChunk { sequence, stored in add(sequence, stored, withCommands) }
        sources.sort { $0.source < $1.source }
    }

    private mutating func add(_ sequence: ChunkSequence, _ stored: [UInt8], _ withCommands: Bool) {
        bytes += stored.count
        var row = Chunk(sequence: sequence.rawValue, bytes: stored.count)
        defer { chunks.append(row) }
        guard let chunk = RelayChunk(sequence: sequence, stored: stored) else {
            row.problem = "not a chunk of this layout"
            return
        }
        row.source = chunk.source.rawValue
        row.audience = chunk.audience.text
        row.records = chunk.recordCount
        row.execTime = chunk.execTime
        row.progress = "\(chunk.progress.newest)"
        if withCommands {
            do throws(RecordError) {
                row.commands = try chunk.splitCommands().map { $0.map { readable($0) } }
            } catch {
                row.problem = "\(error)"
            }
        }
        let place =
            sources.firstIndex { $0.source == chunk.source.rawValue }
            ?? {
                sources.append(Source(source: chunk.source.rawValue, oldest: chunk.execTime))
                return sources.count - 1
            }()
        sources[place].chunks += 1
        sources[place].records += chunk.recordCount
        sources[place].bytes += stored.count
        sources[place].oldest = min(sources[place].oldest, chunk.execTime)
    }

    var text: String {
        var parts = [
            "\(count(chunks.count, "chunk")), \(readable(bytes: bytes)), next \(nextChunk), of primary "
                + (owner.isEmpty ? "none yet" : owner)
        ]
        func add(_ title: String, _ rows: [[String]]) {
            if !rows.isEmpty { parts.append("\n\(title)\n\(columns(rows))") }
        }
        add(
            "servers",
            places.map { place in
                [
                    "\(place.server)", place.received.map { "read to \($0)" } ?? "",
                    place.acknowledgedChunk.map { "has chunk \($0)" } ?? "",
                    place.behind.map { "\(count(Int(clamping: $0), "chunk")) behind" } ?? "",
                ]
            })
        add(
            "sources",
            sources.map {
                [
                    "\($0.source)", count($0.chunks, "chunk"), count($0.records, "record"), readable(bytes: $0.bytes),
                    "oldest \(readable(unixTime: $0.oldest))",
                ]
            })
        guard !chunks.isEmpty else { return parts.joined(separator: "\n") }
        parts.append("\nchunks")
        let heads = columns(chunks.map(\.row)).split(separator: "\n")
        for (head, chunk) in zip(heads, chunks) {
            parts.append(String(head))
            parts += (chunk.commands ?? []).map { "    " + $0.joined(separator: " ") }
        }
        return parts.joined(separator: "\n")
    }
}

extension RelayReport.Chunk {
    fileprivate var row: [String] {
        [
            "\(sequence)", source.map { "source \($0)" } ?? "", audience ?? "",
            records.map { count($0, "record") } ?? "",
            readable(bytes: bytes), execTime.map { readable(unixTime: $0) } ?? "", progress.map { "to \($0)" } ?? "",
            problem ?? "",
        ]
    }
}

extension RelayChunk.Audience {
    fileprivate var text: String {
        switch self {
        case .others: "for the others"
        case .everyone: "for everyone"
        case .except(let servers): "for all but \(servers.map(\.description).joined(separator: ","))"
        case .only(let servers): "for \(servers.map(\.description).joined(separator: ","))"
        }
    }
}

extension RelayStore {
    /// Hands every kept chunk to `body`, in order.
    func forEachChunk(_ body: (ChunkSequence, [UInt8]) -> Void) throws(StoreError) {
        var from = first
        while true {
            let part = try read(from: from, maximumBytes: 4 << 20)
            guard let last = part.last else { return }
            for (sequence, stored) in part { body(sequence, stored) }
            guard last.0.rawValue < .max else { return }
            from = last.0.next
        }
    }
}
