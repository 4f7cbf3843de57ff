import FoundationEssentials
import HubStore

/// The names in the directory of one RocksDB database.
struct DatabaseFiles {
    let path: String
    /// Sorted.
    let names: [String]
    /// Why there can be no database here.
    let fault: String?

    init(_ path: String) {
        self.path = path
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        } catch {
            names = []
            fault = "\(path) is missing or cannot be read"
            return
        }
        let hasData = names.contains { $0.hasSuffix(".sst") || $0.hasSuffix(".log") }
        fault = hasData && !names.contains("CURRENT") ? "\(path)/CURRENT is missing, though data files are there" : nil
    }

    /// Nothing was ever written: RocksDB names its first manifest in CURRENT before anything else.
    var isUnused: Bool { fault == nil && !names.contains("CURRENT") }

    var writeAheadLogs: [String] { names.filter { $0.hasSuffix(".log") } }

    /// Names that RocksDB doesn't give.
    var foreign: [String] {
        names.filter { name in
            let stem = name.prefix { $0.isNumber }
            let isNumbered = !stem.isEmpty && [".log", ".sst", ".dbtmp"].contains(name.dropFirst(stem.count))
            let isKnown = ["CURRENT", "LOCK", "IDENTITY", "LOG"].contains(name)
            return !isNumbered && !isKnown && !["MANIFEST-", "OPTIONS-", "LOG.old."].contains { name.hasPrefix($0) }
        }
    }
}

extension StoreError {
    /// The hub crashed while it made the database, so that nothing was ever written to it.
    var isOfHalfMadeDatabase: Bool {
        if case .refused(_, let text) = self { text.contains("Column family not found") } else { false }
    }
}
