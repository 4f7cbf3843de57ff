import Glibc
import HubStore
import RaftLog

/// One of the three databases, as far as it can be read.
enum Part<Content> {
    /// The hub has not written anything into it yet.
    case unused
    case content(Content)
    case unreadable(String)

    /// Nil when unused.
    func get() throws(InspectionError) -> Content? {
        switch self {
        case .unused: nil
        case .content(let content): content
        case .unreadable(let text): throw InspectionError(text)
        }
    }

    var unreadableText: String? { if case .unreadable(let text) = self { text } else { nil } }
}

/// What is in a floyd-path. Read in the order in which nothing can seem to be ahead of what it follows from, while a
/// hub goes on writing: first the state, then the log that it was made from.
struct FloydContents {
    let directory: FloydPath
    /// The pid of the hub that runs on it.
    let owner: Int32?
    let state: Part<StateStore.Saved>
    let log: Part<StoredLog>
    let relay: Part<RelayStore>

    init(path: String) throws(InspectionError) {
        directory = try Self.directory(path)
        owner = directory.owner
        let patience = owner == nil ? 0 : 20
        let (statePath, raftPath, relayPath) = (directory.state, directory.raft, directory.relay)
        state = Self.part(statePath, patience) { try StateStore(path: statePath, readOnly: true).load() }
        log = Self.part(raftPath, patience) { try StoredLog(path: raftPath) }
        relay = Self.part(relayPath, patience) { try RelayStore(path: relayPath, readOnly: true) }
    }

    static func directory(_ path: String) throws(InspectionError) -> FloydPath {
        do {
            return try FloydPath(existing: path)
        } catch .foreign where access(path, F_OK) != 0 {
            throw InspectionError("\(path) does not exist")
        } catch {
            throw InspectionError("\(error)")
        }
    }

    /// - Parameter patience: how often to try again. A running hub can take away a file that is just about to be read.
    private static func part<Content>(
        _ path: String, _ patience: Int, _ open: () throws -> Content?
    ) -> Part<Content> {
        let files = DatabaseFiles(path)
        if let fault = files.fault { return .unreadable(fault) }
        if files.isUnused { return .unused }
        var left = patience
        while true {
            do {
                return try open().map(Part.content) ?? .unused
            } catch {
                if (error as? StoreError)?.isOfHalfMadeDatabase == true { return .unused }
                if left == 0 { return .unreadable("\(error)") }
                left -= 1
                usleep(50_000)
            }
        }
    }
}
