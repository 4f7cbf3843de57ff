// RaftLog: how the hubs of a group agree on one sequence of commands.
//
// Reading order
//   Message.swift, Entry.swift, Membership.swift   what is said and what is agreed on
//   Core/RaftCore.swift                            the algorithm: a value, without clock, disk or network
//     +Elections, +Leading, +Following, +Membership, +Snapshots, +Reads, +Ready
//   LogStorage.swift, Storage/RocksLog.swift       the log as the core reads it; the log on disk
//   Driver/RaftNode.swift, Driver/RaftLoop.swift   the thread that drives a core
//
// What the driver owes the core. `RaftLoop.work` does it in this order; the simulator does the same.
//   1. One thread. Events go in by `tick`, `step`, `propose`, `readIndex` and their like; then `ready` is asked until
//      it returns nil. Nothing else is asked of the core between `ready` and 5.
//   2. A change of role is told to the owner first: a leader that stops has stopped before anyone hears of it.
//   3. `messages` may be sent. Sending never waits for a peer.
//   4. `snapshot`, `entries` and `hardState` go to disk in one batch, synced when `mustSync` says so. The first write
//      that fails ends the node: nothing is tried again, and what was pending is reported as unknown.
//      A snapshot's data are the state machine's before the next step.
//   5. `didPersist`, and only then `messagesAfterPersisting` are sent: a vote or an acknowledgement is a promise.
//   6. `committed` is applied in order, and `didApply` told. The state machine keeps the index with its data.
//   7. `reads` are answered after that, not before.
//   8. `wantsSnapshot` is answered by `offerSnapshot`.
//   9. Ticks that have passed, during a long write too, go in before anything that came in meanwhile, and before the
//      owner is told that this hub leads.
//  10. When the log is long, the state machine is flushed, `compactionPoint` asked, the log cut there, and
//      `didCompact` told.
