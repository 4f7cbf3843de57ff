import FoundationEssentials
import HubStore
import RaftLog

/// Looks for everything in a floyd-path that cannot be what a hub has left there, however it ended.
///
/// | where | what has to hold |
/// |---|---|
/// | directory | a known layout, no foreign files, all three databases |
/// | each database | every checksum right, no file missing; a torn tail of the write-ahead log is noted |
/// | log | follows its beginning without a gap; terms never fall; every entry can be read; vote and commit fit |
/// | state | can be read; not ahead of the log, nor behind its beginning; is what the log makes of it, as far as that can be told |
/// | relay | chunks without a gap, whole commands, no destination ahead of the newest chunk |
struct Verification {
    struct Finding: Encodable, Hashable {
        /// A part of the directory, such as `raft` or `relay/000012.log`.
        var place: String
        var text: String
    }

    private(set) var faults: [Finding] = []
    private(set) var notes: [Finding] = []
    var entryCount = 0
    var chunkCount = 0

    /// Never throws: what stops the check is a fault.
    static func run(path: String) -> (Verification, isInUse: Bool) {
        var verification = Verification()
        let contents: FloydContents
        do throws(InspectionError) {
            contents = try FloydContents(path: path)
        } catch {
            verification.fault("FORMAT", error.description)
            return (verification, false)
        }
        verification.checkNames(contents.directory)
        verification.checkFiles("raft", contents.directory.raft, families: [])
        verification.checkFiles("state", contents.directory.state, families: [])
        verification.checkFiles("relay", contents.directory.relay, families: RelayStore.families)
        verification.checkParts(contents)
        return (verification, contents.owner != nil || contents.directory.owner != nil)
    }

    mutating func fault(_ place: String, _ text: String) {
        let finding = Finding(place: place, text: text)
        if !faults.contains(finding) { faults.append(finding) }
    }

    mutating func note(_ place: String, _ text: String) { notes.append(Finding(place: place, text: text)) }

    // MARK: Files

    private mutating func checkNames(_ directory: FloydPath) {
        // What is in `versions` is of no use to anybody but the process that wrote it.
        let known = ["FORMAT", "FORMAT.new", "LOCK", "raft", "state", "relay", "versions"]
        do {
            for name in try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
            where !known.contains(name) {
                fault(name, "a foreign file")
            }
        } catch {
            fault(".", "the directory cannot be listed: \(error)")
        }
    }

    private mutating func checkFiles(_ place: String, _ path: String, families: [String]) {
        let files = DatabaseFiles(path)
        if let text = files.fault { return fault(place, text) }
        for name in files.foreign { fault("\(place)/\(name)", "a foreign file") }
        guard !files.isUnused else { return }
        if files.writeAheadLogs.isEmpty, files.names.contains(where: { $0.hasSuffix(".sst") }) {
            fault(place, "the write-ahead log is missing: a database always has one")
        }
        for name in files.writeAheadLogs { checkWriteAheadLog("\(place)/\(name)", "\(path)/\(name)", name) }
        var options = RocksOptions()
        options.readOnly = true
        do throws(StoreError) {
            try RocksDatabase(path: path, families: families, options: options).verify()
        } catch {
            if !error.isOfHalfMadeDatabase { fault(place, "\(error)") }
        }
    }

    private mutating func checkWriteAheadLog(_ place: String, _ path: String, _ name: String) {
        let bytes: [UInt8]
        do {
            bytes = Array(try Data(contentsOf: URL(filePath: path)))
        } catch {
            // A running hub has removed it; one that is needed is missed by RocksDB, or by what it held.
            return
        }
        switch WALFile(bytes: bytes, number: UInt64(name.prefix { $0.isNumber }) ?? 0).end {
        case .clean: break
        case .torn(let offset, let count):
            note(place, "a torn tail of \(count) bytes at offset \(offset) counts as not written")
        case .damaged(let offset):
            fault(place, "damaged at offset \(offset): a record was changed after it was written")
        }
    }

    // MARK: Parts

    private mutating func checkParts(_ contents: FloydContents) {
        for (place, text) in [
            ("raft", contents.log.unreadableText), ("state", contents.state.unreadableText),
            ("relay", contents.relay.unreadableText),
        ] {
            if let text { fault(place, text) }
        }
        if case .content(let stored) = contents.log {
            checkLog(stored)
            if case .content(let saved) = contents.state { checkState(saved, stored) }
        } else if case .unused = contents.log, case .content(let saved) = contents.state {
            fault("raft", "the log is empty, but the state contains its entries up to \(saved.appliedIndex)")
        }
        if case .content(let store) = contents.relay { checkRelay(store) }
    }
}
