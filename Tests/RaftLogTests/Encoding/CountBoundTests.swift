import HubStore
import Testing

@testable import RaftLog

/// Indexes and terms that counting on from would overflow are refused, whoever sent or stored them.
@Suite struct CountBoundTests {
    private let tooGreat = LogIndex(1 << 62)

    private func encoded(_ encode: (inout FieldWriter) -> Void) -> ArraySlice<UInt8> {
        var writer = FieldWriter()
        encode(&writer)
        return writer.bytes[...]
    }

    @Test func inRecords() {
        let entry = encoded { Entry(index: tooGreat, term: Term(1), payload: .empty).encode(to: &$0) }
        #expect(throws: FieldError.self) { try Entry(decoding: entry) }
        let state = encoded { HardState(term: Term(.max), commit: .zero).encode(to: &$0) }
        #expect(throws: FieldError.self) { try HardState(decoding: state) }
        let base = encoded { SnapshotMetadata(index: tooGreat, term: Term(1)).encode(to: &$0) }
        #expect(throws: FieldError.self) { try SnapshotMetadata(decoding: base) }
    }

    @Test(arguments: [
        Message.Body.heartbeat(commit: LogIndex(1 << 62), round: 1, sent: 1),
        .vote(lastIndex: LogIndex(.max), lastTerm: Term(1), isTransfer: false),
        .append(Append(previousIndex: LogIndex(.max), previousTerm: Term(1), entries: [], commit: .zero)),
    ])
    func inMessages(body: Message.Body) {
        let message = Message(
            group: GroupID(1), from: HubID(1), incarnation: Incarnation(1), to: HubID(2), term: Term(1), body: body)
        #expect(throws: FieldError.self) { try Message(decoding: encoded { message.encode(to: &$0) }) }
    }
}
