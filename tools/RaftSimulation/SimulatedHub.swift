import HubStore
import RaftLog
import SimulatedRaft

/// One hub of the simulation: its disk, its state, and, while its process runs, its core.
final class SimulatedHub {
    enum Input {
        case message(Message)
        case processEnded(HubID)
        case write(Operation)
        case read(Operation)
        case change(MembershipChange)
        case transfer(HubID?)
    }

    let place: Int
    var id: HubID
    var incarnation: Incarnation
    var disk: SimulatedDisk
    var machine = SimulatedMachine()
    /// What of `machine` survives a loss of power.
    var flushedMachine = SimulatedMachine()

    /// Nil while the process is down.
    var core: RaftCore?
    /// Counts processes, so that what was meant for one does not reach the next.
    var process: UInt64 = 0
    var isPaused = false
    /// Hundredths of a millisecond between ticks: each hub's clock has its own rate.
    var tickLength: UInt64 = 1_000
    /// When the next tick is due, in hundredths of a millisecond.
    var nextTick: UInt64 = 0
    var dueTicks = 0
    var inbox: [Input] = []
    /// Being written to disk.
    var writing: Ready?
    var isDiskFull = false
    var isDiskSlow = false

    var writes: [LogIndex: (operation: Operation, term: Term)] = [:]
    var reads: [ReadToken: Operation] = [:]
    var announcedTerm: Term?
    /// Until then the hub acts as the primary, as `RaftStatus.leadsUntil` allows.
    var leadsUntil: UInt64 = 0

    /// What the disk held that was lost.
    var lost: SimulatedDisk.Content?
    /// Started to be added, and not wiped; it may be a member by now.
    var isSpare = false
    /// May only grow, from one process to the next, too.
    var highestTerm = Term.zero
    var leadersLast: (term: Term, last: LogIndex)?
    var highestCommitAsLeader = (term: Term.zero, commit: LogIndex.zero)

    init(place: Int, id: HubID, incarnation: Incarnation, disk: SimulatedDisk) {
        self.place = place
        self.id = id
        self.incarnation = incarnation
        self.disk = disk
    }

    var isRunning: Bool { core != nil && !isPaused }
}

/// What a client wants: to write a value of its own, or to read.
struct Operation {
    let client: Int
    let number: UInt64
    let key: Int
    /// Nil for a read.
    let value: UInt32?
    let begin: UInt64
}
