import Foundation
import HubStore
import RaftLog
import Synchronization

/// A directory of its own, removed at the end.
final class TemporaryDirectory: Sendable {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("raft-\(UUID().uuidString)").path

    init() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    func remove() throws { try FileManager.default.removeItem(atPath: path) }
}

/// Joins all commands to one text and answers each with the text's length. Keeps its state outside of the node, as if
/// on a disk.
struct JoiningMachine: ReplicatedStateMachine {
    final class Disk: Sendable {
        let state = Mutex<(text: [UInt8], applied: LogIndex)>(([], .zero))
        var text: String { state.withLock { String(decoding: $0.text, as: UTF8.self) } }
    }

    let disk: Disk

    var appliedIndex: LogIndex { disk.state.withLock { $0.applied } }

    mutating func apply(_ commands: [CommittedCommand]) throws(StateMachineError) -> [[UInt8]] {
        if let newer = commands.first(where: { $0.payload == Array("newer".utf8) }) {
            throw StateMachineError("command \(newer.index) is of a newer version")
        }
        return disk.state.withLock { state in
            commands.map { command in
                state.text += command.payload
                state.applied = command.index
                return Array(String(state.text.count).utf8)
            }
        }
    }

    mutating func flush() throws(StateMachineError) -> LogIndex { appliedIndex }

    mutating func snapshot() throws(StateMachineError) -> [UInt8] { disk.state.withLock { $0.text } }

    mutating func restore(_ snapshot: [UInt8], through index: LogIndex) throws(StateMachineError) {
        disk.state.withLock { $0 = (snapshot, index) }
    }
}

/// Records events and lets a test wait for one.
final class EventRecorder: Sendable {
    private let stream: AsyncStream<RaftEvent>
    private let continuation: AsyncStream<RaftEvent>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    private let leading = Mutex<ContinuousClock.Instant?>(nil)
    /// When the hub began to lead.
    var leadingSince: ContinuousClock.Instant? { leading.withLock { $0 } }

    func record(_ event: RaftEvent) {
        if case .leading = event { leading.withLock { $0 = .now } }
        continuation.yield(event)
    }

    /// The first event not yet taken for which `pick` has a value.
    func first<Value: Sendable>(_ pick: @Sendable (RaftEvent) -> Value?) async -> Value? {
        for await event in stream {
            if let value = pick(event) { return value }
        }
        return nil
    }
}
