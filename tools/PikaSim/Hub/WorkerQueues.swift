/// The background workers that apply what a hub or a master delivers. A command goes to the worker that its first key's
/// hash names, so one key's commands stay in order and two keys' may not; a command with several keys goes by its
/// first only. What waits here is lost when the process is killed, although the binlog has it already.
struct WorkerQueues {
    /// The original's `sync-buffer-size`.
    private static let limit = 10

    private var queues: [[[Bytes]]]
    private var firstToDrain = 0

    init(workers: Int) { queues = Array(repeating: [], count: workers) }

    /// Queues a command; answers the one that has to run at once because its worker's queue was full.
    mutating func add(_ arguments: [Bytes]) -> [Bytes]? {
        let key = arguments.count > 1 ? arguments[1] : arguments[0]
        let hash = key.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let worker = Int(hash % UInt64(queues.count))
        queues[worker].append(arguments)
        return queues[worker].count > Self.limit ? queues[worker].removeFirst() : nil
    }

    /// Takes everything, one worker after the other, beginning with another one each time.
    mutating func drain() -> [[Bytes]] {
        let order = queues.indices.map { (firstToDrain + $0) % queues.count }
        firstToDrain = (firstToDrain + 1) % queues.count
        let commands = order.flatMap { queues[$0] }
        for index in queues.indices { queues[index].removeAll(keepingCapacity: true) }
        return commands
    }
}
