import ArgumentParser
import FoundationEssentials
import Glibc
import HubStore
import RaftLog

/// A stopped hub's directory, held for a change: locked, and copied before anything is written.
struct Rescue {
    let directory: FloydPath
    private let lock: LockFile
    let stored: StoredLog
    /// The state with every entry of the log in it, committed or not.
    private(set) var state: HubState
    let identity: HubIdentity
    let membership: Membership
    private let last: LogIndex

    /// Locks the directory. Nothing is changed before `copy`.
    init(path: String) throws(InspectionError) {
        _ = try FloydContents.directory(path)
        do throws(FloydPathError) { (directory, lock) = try FloydPath.open(path) } catch {
            throw InspectionError("\(error). Stop the hub first.")
        }
        let report = VerifyReport.make(path: path)
        guard report.faults.isEmpty else {
            throw InspectionError("\(report.text)\nnothing was changed: what is damaged cannot be gone on from")
        }
        let contents = try FloydContents(path: path)
        guard let stored = try contents.log.get(), let identity = stored.identity else {
            throw InspectionError("\(path) holds no log yet: this hub was never started completely")
        }
        self.stored = stored
        self.identity = identity
        do {
            let ends = try LogEnds(stored)
            (last, membership) = (ends.last, ends.membership)
            let begin: (state: HubState, index: LogIndex)
            if let snapshot = stored.unrestored {
                begin = (try HubState(snapshot: snapshot.data), snapshot.metadata.index)
            } else {
                let saved = try contents.state.get()
                begin = (saved?.state ?? HubState(), LogIndex(saved?.appliedIndex ?? 0))
            }
            guard let state = try stored.replay(on: begin.state, from: begin.index.next, through: last) else {
                throw InspectionError("the log holds an entry that this version cannot apply")
            }
            self.state = state
        } catch {
            throw InspectionError("\(error)")
        }
    }

    mutating func change(_ body: (inout HubState) -> Void) { body(&state) }

    /// Copies the whole directory beside itself and returns where to.
    func copy(now: Date) throws(InspectionError) -> String {
        let style = Date.ISO8601FormatStyle(dateSeparator: .omitted, timeSeparator: .omitted)
        var target = "\(directory.path).before-rescue-\(now.formatted(style))"
        while FileManager.default.fileExists(atPath: target) { target += "+" }
        do {
            try FileManager.default.copyItem(atPath: directory.path, toPath: target)
        } catch {
            throw InspectionError("the copy \(target) cannot be made, and nothing was changed: \(error)")
        }
        sync()
        return target
    }

    /// Writes the state, and a log that begins with it. The relay log is begun anew: the servers are read again from
    /// the positions in the state.
    ///
    /// The log is written last, since it says up to where the state goes. If this is cut off in between, the copy has
    /// to be put back before the rescue is said again: the state may hold entries that were never committed.
    func write(identity: HubIdentity, membership: Membership) throws(InspectionError) {
        do {
            var relay = try RelayStore(path: directory.relay)
            try relay.start(over: "")
            let store = try StateStore(path: directory.state)
            let log = try RocksLog(path: directory.raft)
            try store.save(StateStore.Saved(state: state, appliedIndex: last.rawValue), sync: true)
            try store.flush()
            try log.beginAnew(as: identity, membership: membership)
        } catch {
            throw InspectionError("\(error)\nThe copy is whole: put it in the place of \(directory.path).")
        }
    }
}

/// Says what is about to happen and waits for the word `yes`.
struct ConfirmationOptions: ParsableArguments {
    @Flag(name: .customLong("yes"), help: "Do it without asking.") var isConfirmed = false

    func confirm(_ warning: String) throws(InspectionError) {
        print(warning)
        if isConfirmed { return }
        print("Type yes to go on: ", terminator: "")
        fflush(nil)
        guard readLine() == "yes" else { throw InspectionError("not confirmed; nothing was changed") }
    }
}
