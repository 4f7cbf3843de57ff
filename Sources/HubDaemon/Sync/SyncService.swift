internal import Dispatch
internal import HubStore
internal import HubSync
internal import Logging
internal import NIOCore
internal import NIOPosix

/// The data plane of one term as primary: the relay store, the shell on its event loop, the inner listener. Started
/// when the term's first entry is applied, stopped before another hub can be elected, never used again.
final class SyncService: Sendable {
    /// What it says in any later term, the state refuses.
    let term: UInt64
    private let shell: NIOLoopBound<SyncShell>
    private let relay: RelayWriter
    private let overflow: OverflowDatabase
    private let eventLoop: any EventLoop
    private let listeners: [any Channel]

    private init(
        term: UInt64, shell: NIOLoopBound<SyncShell>, relay: RelayWriter, overflow: OverflowDatabase,
        eventLoop: any EventLoop, listeners: [any Channel]
    ) {
        self.term = term
        self.shell = shell
        self.relay = relay
        self.overflow = overflow
        self.eventLoop = eventLoop
        self.listeners = listeners
    }

    /// - Parameters:
    ///   - directory: the relay log in it is gone on with.
    ///   - primary: this hub, as the state names it: to it the relay log belongs from now on.
    ///   - generation: the newest of a server in the state.
    ///   - suspects: those of the state.
    ///   - hasPredecessor: whether any hub was primary before this term.
    ///   - tails: told of everything that is delivered.
    ///   - fence: of the hub that starts the service.
    ///   - failed: told once when the relay store fails. The service is to be stopped then.
    static func start(
        configuration: Configuration, eventLoop: any EventLoop, directory: FloydPath, primary: Primary,
        generation: Generation, suspects: [Suspect], hasPredecessor: Bool, log: Logger, tails: RouteTails,
        fence: Fence, failed: @escaping @Sendable (StoreError) -> Void
    ) async throws -> SyncService {
        let hubHost = try SocketAddress.makeAddressResolvingHost(configuration.floydLocalIP, port: 0)
        let settings = SyncEngine.Settings(
            hubHost: hubHost.ipAddress ?? configuration.floydLocalIP, hubPort: configuration.sdkPort,
            isStrict: configuration.binlogOffsetAbsoluteConsistency,
            relayMaximumBytes: configuration.relayLogMaxSizeBytes,
            versionBytes: configuration.versionTableMemoryBytes, seed: .random(in: .min ... .max))
        let queue = DispatchQueue(label: "versions")
        let overflow = try OverflowDatabase(
            path: directory.versions, memoryBytes: settings.overflowBufferBytes
        ) { queue.async(execute: $0) }
        var store = try RelayStore(path: directory.relay)
        let owner = RelayOwner(primary, generation: generation).text
        if RelayOwner(text: store.owner)?.isContinued(by: primary, generation: generation) == true {
            try store.own(owner)
        } else {
            try store.start(over: owner)
        }
        let recovered = SyncEngine.Recovered(
            first: store.first, next: store.next, bytes: store.first < store.next ? Int(store.bytesOnDisk) : 0,
            cursors: store.cursors, received: store.received, suspects: store.suspects,
            replicatedSuspects: suspects, hasPredecessor: hasPredecessor)
        let relay = RelayWriter(store, failed: failed)
        let shell = try await eventLoop.submit {
            let shell = SyncShell(
                eventLoop: eventLoop,
                engine: SyncEngine(settings: settings, recovered: recovered, overflow: overflow), relay: relay,
                hubHost: hubHost, log: log, tails: tails, fence: fence)
            return NIOLoopBound(shell, eventLoop: eventLoop)
        }.get()
        // Before any link is up: a Pika that cannot reach the inner port dials it without a pause.
        var listeners: [any Channel] = []
        for host in configuration.listenHosts {
            do {
                listeners.append(
                    try await InnerListener.start(shell, on: eventLoop, host: host, port: configuration.inboundPort))
            } catch {
                for listener in listeners { try await listener.close() }
                await relay.close()
                await overflow.close()
                throw HubFailure.cannotListen(
                    Address(host: host, port: configuration.inboundPort),
                    use: "where the servers send their binlogs (sdk-port + 1000)", "\(error)")
            }
        }
        try await eventLoop.submit { shell.value.start() }.get()
        return SyncService(
            term: primary.term, shell: shell, relay: relay, overflow: overflow, eventLoop: eventLoop,
            listeners: listeners)
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

    func repair(_ key: [UInt8], winner: ServerID?) async throws -> SyncEngine.RepairAnswer {
        try await eventLoop.submit { [shell] in
            shell.value.with { $0.repair(key, winner: winner, now: SyncShell.now) }
        }.get()
    }

    func conflicts(limit: Int) async throws -> [ConflictLog.Entry] {
        try await eventLoop.submit { [shell] in shell.value.with { $0.conflicts.newest(limit) } }.get()
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
        await relay.close()
        await overflow.close()
    }
}
