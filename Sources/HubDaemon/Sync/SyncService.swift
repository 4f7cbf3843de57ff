internal import HubStore
internal import HubSync
internal import Logging
internal import NIOCore
internal import NIOPosix

/// The data plane of one term as primary: the relay store, the shell on its event loop, the inner listener. Started
/// when the term's first entry is applied, stopped before another hub can be elected, never used again.
final class SyncService: Sendable {
    private let shell: NIOLoopBound<SyncShell>
    private let eventLoop: any EventLoop
    private let listeners: [any Channel]

    private init(shell: NIOLoopBound<SyncShell>, eventLoop: any EventLoop, listeners: [any Channel]) {
        self.shell = shell
        self.eventLoop = eventLoop
        self.listeners = listeners
    }

    /// - Parameters:
    ///   - owner: who the relay log belongs to from now on.
    ///   - previousOwner: the primary of the term before, as the state names it. A relay log that is not its own is
    ///     out of date: another hub has been primary since.
    ///   - suspects: those of the state.
    ///   - tails: told of everything that is delivered.
    ///   - failed: told once when the relay store fails.
    static func start(
        configuration: Configuration, eventLoop: any EventLoop, relayPath: String, owner: String,
        previousOwner: String?, suspects: [Suspect], log: Logger, tails: RouteTails,
        failed: @escaping @Sendable (StoreError) -> Void
    ) async throws -> SyncService {
        let hubHost = try SocketAddress.makeAddressResolvingHost(configuration.floydLocalIP, port: 0)
        let settings = SyncEngine.Settings(
            hubHost: hubHost.ipAddress ?? configuration.floydLocalIP, hubPort: configuration.sdkPort,
            isStrict: configuration.binlogOffsetAbsoluteConsistency,
            relayMaximumBytes: configuration.relayLogMaxSizeBytes,
            versionBytes: configuration.versionTableMemoryBytes, seed: .random(in: .min ... .max))
        let shell = try await eventLoop.submit {
            var relay = try RelayStore(path: relayPath)
            if let previousOwner, relay.owner == previousOwner {
                try relay.own(owner)
            } else {
                try relay.start(over: owner)
            }
            let recovered = SyncEngine.Recovered(
                first: relay.first, next: relay.next, bytes: relay.first < relay.next ? Int(relay.bytesOnDisk) : 0,
                cursors: relay.cursors, received: relay.received, suspects: relay.suspects,
                replicatedSuspects: suspects, hasPredecessor: previousOwner != nil)
            let shell = SyncShell(
                eventLoop: eventLoop, engine: SyncEngine(settings: settings, recovered: recovered), relay: relay,
                hubHost: hubHost, log: log, tails: tails, failed: failed)
            return NIOLoopBound(shell, eventLoop: eventLoop)
        }.get()
        // Before any link is up: a Pika that cannot reach the inner port dials it without a pause.
        var listeners: [any Channel] = []
        for host in configuration.bind.isEmpty ? ["0.0.0.0"] : configuration.bind {
            do {
                listeners.append(
                    try await InnerListener.start(shell, on: eventLoop, host: host, port: configuration.inboundPort))
            } catch {
                for listener in listeners { try await listener.close() }
                throw HubFailure.cannotListen(Address(host: host, port: configuration.inboundPort), "\(error)")
            }
        }
        try await eventLoop.submit { shell.value.start() }.get()
        return SyncService(shell: shell, eventLoop: eventLoop, listeners: listeners)
    }

    /// Brings the links in line with the state.
    func update(_ state: HubState) {
        let servers = state.servers.values.map {
            SyncEngine.Server(
                id: $0.id, address: $0.address, password: $0.password, isPaused: $0.isPaused,
                generation: $0.generation.rawValue)
        }
        eventLoop.execute { [shell] in
            shell.value.with { $0.update(servers, acknowledged: state.acknowledged, now: SyncShell.now) }
        }
    }

    func takeAdvance() async throws -> SyncEngine.Advance {
        try await eventLoop.submit { [shell] in shell.value.with { $0.takeAdvance() } }.get()
    }

    /// The last `takeAdvance` did not become part of the state.
    func forgetAdvance() {
        eventLoop.execute { [shell] in shell.value.with { $0.forgetAdvance() } }
    }

    func status() async throws -> SyncStatus {
        try await eventLoop.submit { [shell] in shell.value.with { $0.status } }.get()
    }

    /// Reads no more from the sources, and returns when everything that was read is acknowledged, or after `limit`.
    func drain(_ limit: TimeAmount) async throws -> Bool {
        let deadline = NIODeadline.now() + limit
        try await eventLoop.submit { [shell] in shell.value.with { $0.stopReading() } }.get()
        while NIODeadline.now() < deadline {
            if try await eventLoop.submit({ [shell] in shell.value.with { $0.isDrained } }).get() { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    /// Closes every link at once.
    func stop() {
        eventLoop.execute { [shell] in shell.value.stop() }
        for listener in listeners { listener.close(promise: nil) }
    }

    /// Returns when `stop` has been carried out.
    func stopped() async throws {
        for listener in listeners { try await listener.closeFuture.get() }
        try await eventLoop.submit {}.get()
    }
}
