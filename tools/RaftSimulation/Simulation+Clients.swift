import HubStore
import RaftLog
import SimulatedRaft

/// A client: one operation at a time.
struct SimulatedClient {
    var current: Operation?
    var count: UInt64 = 0
    /// The hub that it believes to lead.
    var target = 0
}

/// Clients read and write registers, and remember what they saw.
extension Simulation {
    mutating func beginOperation(_ client: Int) throws(Violation) {
        guard clients[client].current == nil else { return }
        let leader = hubs.first { $0.isRunning && $0.core?.role == .leader }
        let hub = chance(percent: 80) ? leader ?? hubs[0] : hubs[Int(random.next() % UInt64(hubs.count))]
        guard hub.core != nil else {
            queue.add(.client(client), at: now + 20)
            return
        }
        clients[client].count += 1
        let isWrite = chance(percent: 60)
        let operation = Operation(
            client: client, number: clients[client].count, key: Int(random.next() % UInt64(SimulatedMachine.keyCount)),
            value: isWrite ? nextValue : nil, begin: moment)
        clients[client].current = operation
        queue.add(.clientTimeout(client, number: operation.number), at: now + 300)
        if isWrite {
            histories[operation.key].beginWrite(nextValue, at: moment)
            nextValue += 1
        }
        try hand(isWrite ? .write(operation) : .read(operation), to: hub)
    }

    /// The outcome stays unknown.
    mutating func timeOut(_ client: Int, number: UInt64) {
        guard clients[client].current?.number == number else { return }
        finish(client, number: number)
    }

    private mutating func finish(_ client: Int, number: UInt64) {
        guard clients[client].current?.number == number else { return }
        clients[client].current = nil
        queue.add(.client(client), at: now + pick(1...30))
    }

    mutating func write(_ operation: Operation, on hub: SimulatedHub) {
        guard let value = operation.value else { return }
        switch hub.core?.propose(SimulatedMachine.command(key: operation.key, value: value)) {
        case .success(let place)?: hub.writes[place.index] = (operation, place.term)
        case .failure?, nil:
            histories[operation.key].dropWrite(value)
            finish(operation.client, number: operation.number)
        }
    }

    mutating func read(_ operation: Operation, on hub: SimulatedHub) {
        switch hub.core?.readIndex() {
        case .success(let token)?: hub.reads[token] = operation
        case .failure?, nil: finish(operation.client, number: operation.number)
        }
    }

    mutating func finishWrite(_ entry: Entry, on hub: SimulatedHub) throws(Violation) {
        guard let (operation, term) = hub.writes.removeValue(forKey: entry.index), let value = operation.value else {
            return
        }
        if term == entry.term {
            note("client \(operation.client) has written \(value) to \(operation.key) at \(entry.index)")
            histories[operation.key].endWrite(value, at: moment)
            lastAcknowledged = max(lastAcknowledged, entry.index)
        } else {
            histories[operation.key].dropWrite(value)
        }
        finish(operation.client, number: operation.number)
    }

    mutating func finishRead(_ token: ReadToken, on hub: SimulatedHub) {
        guard let operation = hub.reads.removeValue(forKey: token) else { return }
        let value = hub.machine.values[operation.key]
        note("client \(operation.client) has read \(value) from \(operation.key)")
        histories[operation.key].read(value, from: operation.begin, to: moment)
        finish(operation.client, number: operation.number)
    }

    /// The hub no longer leads: its writes are unknown, its reads not done.
    mutating func dropOperations(of hub: SimulatedHub) {
        guard !hub.writes.isEmpty || !hub.reads.isEmpty else { return }
        for index in hub.writes.keys.sorted() {
            guard let operation = hub.writes[index]?.operation else { continue }
            finish(operation.client, number: operation.number)
        }
        hub.writes = [:]
        for operation in hub.reads.values.sorted(by: { $0.client < $1.client }) {
            finish(operation.client, number: operation.number)
        }
        hub.reads = [:]
    }
}
