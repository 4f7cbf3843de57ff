import Testing

@testable import PikaSim

@Suite struct WorkerQueuesTests {
    private func set(_ key: String, _ value: Int) -> [Bytes] { [Bytes("set"), Bytes(key), Bytes(String(value))] }

    @Test func oneKeyStaysInOrder() {
        var queues = WorkerQueues(workers: 6)
        for value in 0..<10 { #expect(add(&queues, set("k", value)) == nil) }
        #expect(queues.drain() == (0..<10).map { set("k", $0) })
        #expect(queues.drain().isEmpty)
    }

    @Test func aFullQueueRunsItsOldest() {
        var queues = WorkerQueues(workers: 1)
        for value in 0..<10 { #expect(add(&queues, set("k\(value)", value)) == nil) }
        #expect(add(&queues, set("k10", 10)) == set("k0", 0))
    }

    @Test func twoKeysCanSwapPlaces() {
        var queues = WorkerQueues(workers: 6)
        let commands = (0..<9).map { set("k\($0)", $0) }
        for command in commands { #expect(add(&queues, command) == nil) }
        let order = queues.drain()
        #expect(order != commands)
        #expect(Set(order) == Set(commands))
    }

    private func add(_ queues: inout WorkerQueues, _ command: [Bytes]) -> [Bytes]? { queues.add(command) }
}
