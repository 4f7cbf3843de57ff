import NIOCore
import NIOPosix

/// A sender met something in the binlog that is no record: an MSET from a hub, or a slave's filler.
struct UnreadableBinlog: Error, CustomStringConvertible {
    var description: String { "the binlog is unreadable for its sender; a Pika dies of SIGSEGV here" }
}

/// Performs one sender thread's actions: its socket, its sleep, its view of the file.
final class HubSender {
    /// How long a write may take before the connection counts as broken.
    private static let writeTimeout = TimeAmount.seconds(35)
    /// The original dials again without a pause when it is refused.
    private static let redialPause = TimeAmount.milliseconds(50)

    var thread: SenderThread
    private unowned let core: ServerCore
    private var channel: (any Channel)?
    private var chunk: (file: UInt32, chunk: BinlogFiles.Chunk)?

    init(index: Int, core: ServerCore) {
        thread = SenderThread(index: index)
        self.core = core
    }

    func start() { resume(.wake) }

    func read(_ reader: inout BinlogReader) -> BinlogReader.Step {
        do {
            var source = try chunk.flatMap { $0.file == reader.file ? $0.chunk : nil } ?? core.binlog.open(reader.file)
            var failure: (any Error)?
            let step = reader.next { position, count in
                do { return try core.binlog.read(&source, at: position, count) } catch {
                    failure = error
                    return []
                }
            }
            chunk = (reader.file, source)
            if let failure { throw failure }
            return step
        } catch {
            core.fail(error)
            return .endOfFile
        }
    }

    private func resume(_ event: SenderThread.Event) {
        switch thread.resume(event, in: core) {
        case .sleep(let closing):
            if closing { disconnect() }
            let options = core.options
            let pause = thread.status == .waiting ? options.pollMilliseconds : options.waitMilliseconds
            after(.milliseconds(Int64(pause))) { $0.resume(.wake) }
        case .connect: connect()
        case .send(let bytes): send(bytes)
        case .end:
            core.log("sender \(thread.index) has ended: its file is missing")
            disconnect()
        case .crash: core.fail(UnreadableBinlog())
        }
    }

    private func after(_ delay: TimeAmount, _ action: @escaping (HubSender) -> Void) {
        let bound = NIOLoopBound((self, action), eventLoop: core.loop)
        core.loop.scheduleTask(in: delay) { bound.value.1(bound.value.0) }
    }

    private func disconnect() {
        channel?.close(promise: nil)
        channel = nil
    }

    private func connect() {
        disconnect()
        let bound = NIOLoopBound(self, eventLoop: core.loop)
        do {
            ClientBootstrap(group: core.loop)
                .channelOption(.socketOption(.so_reuseaddr), value: 1)
                .channelOption(.allowRemoteHalfClosure, value: true)
                .connectTimeout(.seconds(1))
                .bind(to: try SocketAddress(ipAddress: core.options.hostIP, port: 0))
                .connect(host: core.stage.hubAddress, port: core.stage.hubPort)
                .whenComplete { bound.value.connected($0) }
        } catch {
            connected(.failure(error))
        }
    }

    private func connected(_ result: Result<any Channel, any Error>) {
        switch result {
        case .success(let channel):
            self.channel = channel
            resume(.connected)
        case .failure: after(Self.redialPause) { $0.resume(.connectFailed) }
        }
    }

    private func send(_ bytes: Bytes) {
        guard let channel, channel.isActive else { return after(.nanoseconds(0)) { $0.resume(.sendFailed) } }
        let deadline = core.loop.scheduleTask(in: Self.writeTimeout) { channel.close(promise: nil) }
        let bound = NIOLoopBound(self, eventLoop: core.loop)
        channel.writeAndFlush(channel.allocator.buffer(bytes: bytes)).whenComplete { result in
            deadline.cancel()
            bound.value.after(.nanoseconds(0)) { sender in
                if case .success = result { sender.resume(.sent) } else { sender.resume(.sendFailed) }
            }
        }
    }
}
