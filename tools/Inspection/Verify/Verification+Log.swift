import HubStore
import RaftLog

extension Verification {
    mutating func checkLog(_ stored: StoredLog) {
        if stored.identity == nil { fault("raft", "the log has no identity") }
        var last = (index: stored.base.index, term: stored.base.term)
        let vote = stored.hardState
        do throws(RaftStorageError) {
            try stored.forEachEntry(from: stored.base.index.next) { index, result in
                entryCount += 1
                if index != last.index.next {
                    fault("raft", "entries \(last.index.next) to \(index.previous) are missing")
                }
                last.index = index
                switch result {
                case .failure(let error): fault("raft", "entry \(index) cannot be read: \(error)")
                case .success(let entry):
                    checkEntry(entry, at: index, after: last.term)
                    last.term = max(last.term, entry.term)
                }
                return true
            }
        } catch {
            fault("raft", "\(error)")
        }
        if vote.commit > last.index { fault("raft", "committed \(vote.commit), but the log ends at \(last.index)") }
        if stored.base.index > vote.commit {
            fault("raft", "committed \(vote.commit), but the log begins behind \(stored.base.index)")
        }
        if vote.term < last.term { fault("raft", "this hub is in term \(vote.term), but its log in term \(last.term)") }
        if let snapshot = stored.unrestored { checkSnapshot(snapshot, stored.base) }
    }

    private mutating func checkEntry(_ entry: Entry, at index: LogIndex, after term: Term) {
        if entry.index != index { fault("raft", "the entry at \(index) says that it is \(entry.index)") }
        if entry.term < term { fault("raft", "entry \(index) is of term \(entry.term), after one of term \(term)") }
        guard case .command(let bytes) = entry.payload else { return }
        do throws(StateFormatError) {
            _ = try HubCommand(entry: bytes)
        } catch {
            fault("raft", "entry \(index): \(error)")
        }
    }

    private mutating func checkSnapshot(_ snapshot: Snapshot, _ base: SnapshotMetadata) {
        if snapshot.metadata.index > base.index {
            fault("raft", "the log begins behind \(base.index), but its snapshot is of \(snapshot.metadata.index)")
        }
        do throws(StateFormatError) {
            _ = try HubState(snapshot: snapshot.data)
        } catch {
            fault("raft", "the snapshot of \(snapshot.metadata.index) cannot be read: \(error)")
        }
    }

    /// The state against the log that it was made from.
    mutating func checkState(_ saved: StateStore.Saved, _ stored: StoredLog) {
        let applied = LogIndex(saved.appliedIndex)
        let ends: LogEnds
        do throws(RaftStorageError) { ends = try LogEnds(stored) } catch { return fault("raft", "\(error)") }
        if applied > ends.last {
            return fault("state", "applied \(applied), but the log ends at \(ends.last): acknowledged entries are lost")
        }
        if stored.unrestored == nil, applied < stored.base.index {
            return fault("state", "applied \(applied), but the log begins behind \(stored.base.index)")
        }
        if applied > stored.hardState.commit {
            let text = "applied \(applied), beyond commit \(stored.hardState.commit), as after a loss of power"
            note("state", "\(text): the hub takes them for committed")
        }
        // The whole log is there: then it can be told what the state has to be.
        guard stored.base.index == .zero, stored.unrestored == nil, faults.isEmpty else { return }
        do throws(RaftStorageError) {
            if try stored.replay(through: applied) != saved.state {
                fault("state", "it differs from what the log's entries up to \(applied) make")
            }
        } catch {
            fault("raft", "\(error)")
        }
    }
}

extension StoredLog {
    /// What the entries from `first` through `last` make of `state`. Nil when one cannot be applied.
    func replay(
        on state: HubState = HubState(), from first: LogIndex = LogIndex(1), through last: LogIndex
    ) throws(RaftStorageError) -> HubState? {
        var state: HubState? = state
        try forEachEntry(from: first) { index, result in
            guard index <= last else { return false }
            guard case .success(let entry) = result, case .command(let bytes) = entry.payload else { return true }
            do throws(StateFormatError) { _ = try state?.apply(entry: bytes) } catch { state = nil }
            return state != nil
        }
        return state
    }
}
