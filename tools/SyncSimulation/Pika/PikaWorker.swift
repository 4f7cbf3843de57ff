internal import PikaSim

/// One of the background threads that apply what a hub delivers. What waits here is lost with the process, although the
/// binlog has it and the hub was answered. It takes no lock against local clients.
final class PikaWorker {
    /// The original's `sync-buffer-size`: with more than this the connection is not read on, which comes to the same
    /// as applying the oldest at once.
    private static let limit = 10

    private unowned let pika: SimulatedPika
    private let incarnation: Int
    private var queue: [[[UInt8]]] = []

    init(pika: SimulatedPika) {
        self.pika = pika
        incarnation = pika.incarnation
    }

    var isIdle: Bool { queue.isEmpty }
    /// Nothing is applied before this moment, in seconds of the run.
    var stalledUntil = 0.0

    func add(_ arguments: [[UInt8]]) {
        queue.append(arguments)
        if queue.count > Self.limit { applyOldest() }
        if queue.count == 1 { plan() }
    }

    private func plan() {
        let world = pika.world
        let delay = max(world.random.between(world.plan.workerDelay), stalledUntil - world.now)
        world.timeline.after(delay) { [self] in
            guard incarnation == pika.incarnation else { return }
            if !queue.isEmpty { applyOldest() }
            if !queue.isEmpty { plan() }
        }
    }

    private func applyOldest() {
        let arguments = queue.removeFirst()
        guard let command = Command.table[arguments[0].lowercased] else { return }
        let reply = command.run(&pika.keyspace, arguments, pika.unixSeconds)
        pika.world.oracle.applied(arguments, at: pika)
        pika.world.note(.applied(reply: reply.isError ? "\(reply)" : "done"), arguments, server: pika.id)
    }
}
