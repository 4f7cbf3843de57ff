import HubStore
package import RaftLog
package import SimulatedRaft

/// A whole group, its network, disks, clocks and clients, in one thread, out of one seed.
///
/// Time is in milliseconds. Hubs run the product's core, driven in the order that `RaftLog.swift` demands; everything
/// else is simulated. After every event the oracle compares what was done with what Raft promises.
package struct Simulation {
    package struct Options: Sendable {
        /// Events with faults; ticks of the hubs' clocks do not count.
        package var events = 2_000
        package var sabotage: Sabotage = []
        package var driverBug: DriverBug?
        /// Keeps a line per event for `trace`.
        package var isTraced = false

        package init() {}
    }

    enum Event {
        case tick(place: Int, process: UInt64)
        case deliver(place: Int, Message)
        case processEnded(place: Int, ended: Int)
        case written(place: Int, process: UInt64)
        case restart(place: Int)
        case resume(place: Int)
        case heal
        case fault
        case strike(place: Int, process: UInt64)
        case client(Int)
        case clientTimeout(Int, number: UInt64)
    }

    let options: Options
    let seed: UInt64
    var random: SplitMix
    var profile: Profile
    var queue = EventQueue<Event>()
    var now: UInt64 = 0
    /// Counts events: the clients' clock, finer than `now`.
    var moment: UInt64 = 0
    package internal(set) var eventCount = 0

    var hubs: [SimulatedHub] = []
    /// Hubs whose disk was lost; to be removed.
    var wiped: Set<Int> = []
    /// `isCut[from][to]`: nothing gets through.
    var isCut: [[Bool]] = []
    var areFaultsOver = false

    var clients: [SimulatedClient] = []
    var histories = [RegisterHistory](repeating: RegisterHistory(), count: SimulatedMachine.keyCount)
    var nextValue: UInt32 = 1
    var lastAcknowledged = LogIndex.zero

    var oracle = RaftOracle()
    package internal(set) var trace: [String] = []

    package init(seed: UInt64, options: Options) {
        self.seed = seed
        self.options = options
        random = SplitMix(seed: seed)
        profile = Profile(random: &random)
        let members = (0..<profile.hubCount).map {
            Member(id: Self.hubID($0), address: Address(host: "hub", port: $0 + 1))
        }
        for place in 0..<profile.hubCount { addHub(place, membership: Membership(members)) }
        for client in 0..<4 {
            clients.append(SimulatedClient())
            queue.add(.client(client), at: UInt64(client))
        }
        queue.add(.fault, at: profile.faultInterval)
    }

    static func hubID(_ place: Int) -> HubID { HubID(UInt64(place) + 1) }

    /// Runs the faults, then a time without, in which the group has to recover.
    package mutating func run() throws(Violation) {
        for hub in hubs { try start(hub) }
        while eventCount < options.events { try step() }
        try recover()
        for (key, history) in histories.enumerated() {
            if let text = history.violation() {
                throw Violation(description: "linearizability of register \(key): \(text)")
            }
        }
    }

    mutating func step() throws(Violation) {
        guard let (time, event) = queue.next() else { preconditionFailure("the simulation has come to rest") }
        now = time
        moment += 1
        switch event {
        case .tick(let place, let process):
            try tick(hubs[place], process: process)
            return
        case .deliver(let place, let message): try hand(.message(message), to: hubs[place])
        case .processEnded(let place, let ended):
            if hubs[ended].core == nil { try hand(.processEnded(hubs[ended].id), to: hubs[place]) }
        case .written(let place, let process): try written(hubs[place], process: process)
        case .restart(let place): if hubs[place].core == nil { try start(hubs[place]) }
        case .resume(let place): try resume(hubs[place])
        case .heal: heal()
        case .fault: try fault()
        case .strike(let place, let process): strike(hubs[place], process: process)
        case .client(let client): try beginOperation(client)
        case .clientTimeout(let client, let number): timeOut(client, number: number)
        }
        eventCount += 1
    }

    mutating func note(_ text: @autoclosure () -> String) {
        if options.isTraced { trace.append("\(now) ms  \(text())") }
    }

    mutating func chance(percent: UInt64) -> Bool { random.next() % 100 < percent }
    mutating func pick(_ range: ClosedRange<UInt64>) -> UInt64 {
        range.lowerBound + random.next() % (range.upperBound - range.lowerBound + 1)
    }
}

/// What kind of run a seed makes. Each fault is left out of about half of the runs, so that in some a single kind has
/// the stage to itself.
struct Profile {
    var hubCount: Int
    var lossPercent: UInt64
    var duplicatePercent: UInt64
    var latency: ClosedRange<UInt64>
    var latePercent: UInt64
    var faultInterval: UInt64
    var faults: [Fault]
    /// Leaders are struck down soon after their election, so that terms with few entries pile up (paper, figure 8).
    var strikesLeaders: Bool
    var compactionStep: Int
    /// Bounds an append: one entry, or about five.
    var appendCost: Int

    init(random: inout SplitMix) {
        hubCount = [1, 2, 3, 3, 3, 4, 5, 5].randomElement(using: &random) ?? 3
        lossPercent = [0, 0, 1, 5, 20].randomElement(using: &random) ?? 0
        duplicatePercent = [0, 0, 2, 10].randomElement(using: &random) ?? 0
        latency = [1...2, 1...10, 5...30].randomElement(using: &random) ?? 1...10
        latePercent = [0, 0, 2, 10].randomElement(using: &random) ?? 0
        faultInterval = [30, 60, 100, 300].randomElement(using: &random) ?? 100
        faults = Fault.allCases.filter { _ in Bool.random(using: &random) }
        strikesLeaders = random.next() % 4 == 0
        appendCost = strikesLeaders ? 40 : [40, 200].randomElement(using: &random) ?? 200
        compactionStep = [3, 10, 40].randomElement(using: &random) ?? 10
    }
}

enum Fault: CaseIterable {
    case kill, losePower, pause, isolate, oneWay, split, slowDisk, fullDisk
    case addHub, removeHub, transfer, wipe
}
