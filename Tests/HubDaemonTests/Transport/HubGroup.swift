import Foundation
import HubStore
import Logging
import NIOCore
import NIOPosix
import RaftLog
import Synchronization
import TestSupport

@testable import HubDaemon

/// Hubs in this process, each with its own disk, transport and event loop, on ports of their own.
actor HubGroup {
    /// One hub while it runs.
    struct Hub {
        let transport: HubTransport
        let node: RaftNode
        let loops: MultiThreadedEventLoopGroup
    }

    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("hubs-\(UUID().uuidString)").path
    let addresses: [Address]
    private(set) var hubs: [Int: Hub] = [:]
    private var disks: [Int: Appender.Disk] = [:]

    let configuration: RaftConfiguration

    init(count: Int, configuration: RaftConfiguration = RaftConfiguration()) throws {
        self.configuration = configuration
        addresses = (0..<count).map { _ in Address(host: "127.0.0.1", port: FreePorts.reserve()) }
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    func disk(_ place: Int) -> Appender.Disk {
        if let disk = disks[place] { return disk }
        let disk = Appender.Disk()
        disks[place] = disk
        return disk
    }

    /// Starts a hub the way the daemon does, joining first when its disk is empty.
    func start(_ place: Int, list: [Int]) async throws {
        let own = addresses[place]
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let transport = HubTransport(
            own: own, loop: loops.next(), log: Logger(label: "hub", factory: { _ in SwiftLogNoOpLogHandler() }),
            process: .random(in: 1 ... .max), wasRefused: { _ in })
        do {
            let log = try RocksLog(path: "\(directory)/\(place)")
            let isFresh = log.identity == nil
            if isFresh {
                try await transport.listen(host: own.host, port: own.port)
                let (identity, membership) = try await transport.join(
                    Joining(
                        own: own, addresses: list.map { addresses[$0] },
                        incarnation: Incarnation(.random(in: 1 ... .max))))
                try log.initialise(identity, membership: membership)
            }
            let node = try RaftNode(
                configuration: configuration, log: log, transport: transport, stateMachine: Appender(disk: disk(place)),
                seed: .random(in: .min ... .max), observer: { _ in })
            transport.attach(node, serve: { bytes in Array(bytes.reversed()) })
            if !isFresh { try await transport.listen(host: own.host, port: own.port) }
            node.start()
            hubs[place] = Hub(transport: transport, node: node, loops: loops)
        } catch {
            await transport.stop()
            try await loops.shutdownGracefully()
            throw error
        }
    }

    /// Ends a hub as the kernel does when its process is killed: all connections and the listener are closed.
    func end(_ place: Int) async throws {
        guard let hub = hubs.removeValue(forKey: place) else { return }
        await hub.transport.stop()
        await hub.node.stop()
        try await hub.loops.shutdownGracefully()
    }

    func wipe(_ place: Int) throws {
        try FileManager.default.removeItem(atPath: "\(directory)/\(place)")
        disks[place] = nil
    }

    /// The hub that leads and has announced so by taking proposals.
    func leader() async throws -> Int {
        while true {
            for (place, hub) in hubs where hub.node.status.role == .leader { return place }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Proposes on whoever leads until it is certain that it was done.
    func propose(_ byte: UInt8) async throws {
        while true {
            let place = try await leader()
            guard let hub = hubs[place] else { continue }
            do throws(ProposalError) {
                _ = try await hub.node.propose([byte])
                return
            } catch { try await Task.sleep(for: .milliseconds(5)) }
        }
    }

    func change(_ change: MembershipChange) async throws {
        while true {
            let place = try await leader()
            guard let hub = hubs[place] else { continue }
            do throws(ProposalError) {
                try await hub.node.changeMembership(change)
                return
            } catch .membershipMismatch { throw ProposalError.membershipMismatch } catch {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    /// Waits until the state of every running hub satisfies a condition.
    func waitForAll(_ condition: ([UInt8]) -> Bool) async throws {
        for place in hubs.keys {
            while !condition(disk(place).bytes) { try await Task.sleep(for: .milliseconds(5)) }
        }
    }

    func close() async throws {
        for place in hubs.keys { try await end(place) }
        try FileManager.default.removeItem(atPath: directory)
    }
}

/// A state machine that keeps every byte it is given.
struct Appender: ReplicatedStateMachine {
    final class Disk: Sendable {
        fileprivate let state = Mutex<(bytes: [UInt8], applied: LogIndex)>(([], .zero))
        var bytes: [UInt8] { state.withLock { $0.bytes } }
    }

    let disk: Disk

    var appliedIndex: LogIndex { disk.state.withLock { $0.applied } }

    mutating func apply(_ commands: [CommittedCommand]) throws(StateMachineError) -> [[UInt8]] {
        disk.state.withLock { state in
            for command in commands {
                state.bytes += command.payload
                state.applied = command.index
            }
            return commands.map { _ in [] }
        }
    }

    mutating func flush() throws(StateMachineError) -> LogIndex { appliedIndex }
    mutating func snapshot() throws(StateMachineError) -> [UInt8] { disk.bytes }

    mutating func restore(_ snapshot: [UInt8], through index: LogIndex) throws(StateMachineError) {
        disk.state.withLock { $0 = (snapshot, index) }
    }
}
