internal import PikaSim

/// Performs what one sender thread wants: its connection, its sleeps, its reading.
final class PikaSender {
    private var thread: SenderThread
    private let pika: SimulatedPika
    private let incarnation: Int
    private var wire: Wire?
    /// The connection has ended, as this side knows by now, and how many writes will still seem to succeed.
    private var hasEnded = false
    private var writesAfterEnd = 0
    fileprivate var open: (number: UInt32, file: MemoryBinlog.File)?
    private var isStopped = false

    init(index: Int, pika: SimulatedPika) {
        thread = SenderThread(index: index)
        self.pika = pika
        incarnation = pika.incarnation
    }

    var status: String { thread.status.rawValue }
    var isDead: Bool { thread.hasEnded }

    /// The thread idles at the end of the newest file, or waits for a newer one.
    var isCaughtUp: Bool { thread.status == .waiting || thread.status == .endOfFile }

    var hasFile: Bool { pika.stage.files[thread.index] != nil }

    func start() { pika.world.timeline.after(pika.world.random.between(0...0.05)) { [self] in resume(.wake) } }

    func reset(reconnecting: Bool) { thread.reset(reconnecting: reconnecting) }

    func stop() {
        isStopped = true
        wire?.close(.near)
    }

    private func resume(_ event: SenderThread.Event) {
        guard !isStopped else { return }
        switch thread.resume(event, in: self) {
        case .sleep(let closing):
            if closing { disconnect() }
            after(1) { $0.resume(.wake) }
        case .connect: connect()
        case .send(let bytes): send(bytes)
        case .end:
            disconnect()
            pika.world.note(.happened("server \(pika.id): sender thread \(thread.index) has ended for good"))
            pika.world.oracle.senderEnded(at: pika)
        case .crash:
            disconnect()
            pika.world.oracle.fail("server crashed", "server \(pika.id): its sender met what is no record", key: nil)
        }
    }

    private func after(_ seconds: Double, _ body: @escaping (PikaSender) -> Void) {
        pika.world.timeline.after(seconds) { [self] in
            if !isStopped { body(self) }
        }
    }

    private func disconnect() {
        wire?.close(.near)
        wire = nil
    }

    private func connect() {
        disconnect()
        let world = pika.world
        let (host, port) = (pika.stage.hubAddress, pika.stage.hubPort)
        after(world.linkDelay()) { sender in
            guard let wire = world.hubs.dial(host: host, port: port, by: sender.pika) else {
                return sender.after(0.05) { $0.resume(.connectFailed) }
            }
            sender.wire = wire
            sender.hasEnded = false
            wire.attach(.near) { _ in
            } ended: { reason in
                sender.hasEnded = true
                // The first write after the other side's FIN still succeeds.
                sender.writesAfterEnd = reason == "reset" ? 0 : 1
            }
            sender.resume(.connected)
        }
    }

    /// Hands the bytes to the connection, in pieces as a network cuts them.
    private func send(_ bytes: [UInt8]) {
        guard let wire, !hasEnded || writesAfterEnd > 0 else { return after(0) { $0.resume(.sendFailed) } }
        if hasEnded { writesAfterEnd -= 1 }
        var rest = bytes[...]
        let pieces = pika.world.random.between(1...4)
        while !rest.isEmpty {
            let piece = rest.prefix(pieces == 1 ? rest.count : pika.world.random.between(1...max(2, bytes.count / 2)))
            wire.send(Array(piece), from: .near)
            rest = rest.dropFirst(piece.count)
        }
        after(pika.world.random.between(0...0.001)) { $0.resume(.sent) }
    }
}

extension PikaSender: SenderWorld {
    var binlogEnd: BinlogEnd { pika.binlog.end }
    func nextFile(for sender: Int) -> UInt32? { pika.stage.nextFile(for: sender, newest: pika.binlog.end.file) }
    func exists(file: UInt32) -> Bool { pika.binlog.files[file] != nil }

    func read(_ reader: inout BinlogReader, sender: Int) -> BinlogReader.Step {
        let number = reader.file
        if open?.number != number { open = pika.binlog.files[number].map { (number, $0) } }
        guard let file = open?.file else { return .endOfFile }
        return reader.next { pika.binlog.read(file, number: number, at: $0, $1) }
    }
}
