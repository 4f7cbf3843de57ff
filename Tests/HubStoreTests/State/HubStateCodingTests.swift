import HubStore
import Testing

private let progress = BinlogProgress(
    firstOpenFile: 3, marks: [3: .init(offset: 120, index: 1), 12: .init(offset: 7, index: 0)])

private let commands: [HubCommand] = [
    .seed(servers: [describe(1)]),
    .addServer(server: describe(2)),
    .drop(server: ServerID(1)),
    .transfer(server: ServerID(1), to: Address(host: "::1", port: 9221), password: nil),
    .copy(
        existing: ServerID(1), new: ServerID(2), to: Address(host: "h", port: 9221), password: "p", read: progress),
    .pause(server: ServerID(1)),
    .resume(server: ServerID(1)),
    .advance(
        progress: Advance(
            term: 7, generations: [ServerID(1): Generation(rawValue: 4)],
            acknowledged: [ServerID(1): [ServerID(2): progress]], repairedKeys: [[0xFF, 0]],
            suspects: [Suspect(key: [0, 1, 0xFE], winner: nil)], isLast: true)),
    .announcePrimary(hub: HubID(.max), term: 9, adminAddress: Address(host: "h", port: 6868)),
    .addHub(hub: hub(1)),
    .removeHub(hub: HubID(1)),
]

@Suite struct HubStateCodingTests {
    @Test(arguments: commands) func commandsComeBack(command: HubCommand) throws {
        #expect(try HubCommand(entry: command.encoded()) == command)
    }

    /// What the log of a running group holds. This text may gain cases; it may not change.
    @Test func formOfAnEntryStays() {
        let drop = String(decoding: HubCommand.drop(server: ServerID(1)).encoded(), as: UTF8.self)
        #expect(drop == #"{"drop":{"server":1},"version":1}"#)
        let advance = HubCommand.advance(
            progress: Advance(
                term: 7, generations: [ServerID(1): Generation(rawValue: 4)],
                acknowledged: [ServerID(1): [ServerID(2): progress]], repairedKeys: [[0xFF]],
                suspects: [Suspect(key: [0xFE], type: 1, winner: ServerID(1))]))
        #expect(
            String(decoding: advance.encoded(), as: UTF8.self)
                == #"{"advance":{"progress":{"acknowledged":{"1":{"2":{"below":3,"marks":[[3,120,1],[12,7,0]]}}},"#
                + #""generations":{"1":4},"isLast":false,"repairedKeys":["/w=="],"#
                + #""suspects":[{"key":"/g==","type":1,"winner":1}],"term":7}},"version":1}"#)
    }

    /// Older hubs have to stop at it.
    @Test func anEntryThatCutsIsOfVersionTwo() throws {
        let cuts = [ServerID(1): BinlogPosition(file: 3, offset: 120)]
        let command = HubCommand.advance(progress: Advance(term: 7, generations: [:], cuts: cuts))
        let text = String(decoding: command.encoded(), as: UTF8.self)
        #expect(text.contains(#""cuts":{"1":{"file":3,"index":0,"offset":120}}"#) && text.hasSuffix(#""version":2}"#))
        #expect(try HubCommand(entry: command.encoded()) == command)
    }

    /// Entries and snapshots may be older than a suspect's type.
    @Test func aSuspectWithoutATypeIsOfAnyType() throws {
        let text =
            #"{"advance":{"progress":{"acknowledged":{},"generations":{},"isLast":false,"repairedKeys":[],"#
            + #""suspects":[{"differing":[2],"key":"/g==","winner":1}],"term":7}},"version":1}"#
        let known = Suspect(key: [0xFE], winner: ServerID(1))
        let command = HubCommand.advance(progress: Advance(term: 7, generations: [:], suspects: [known]))
        #expect(try HubCommand(entry: Array(text.utf8)) == command)
    }

    @Test func snapshotComesBackAndEqualStatesGiveEqualBytes() throws {
        var state = state(servers: [1, 2, 3], password: "secret")
        state.acknowledge(1, 2, file: 4, offset: 100)
        state.suspect("k", winner: ServerID(1))
        state.apply(.addHub(hub: hub(1))).expectOK()
        state.apply(.drop(server: ServerID(3))).expectOK()
        let copy = try HubState(snapshot: state.encoded())
        #expect(copy == state)
        #expect(copy.encoded() == state.encoded())
    }

    @Test func aNewerVersionStopsTheHub() {
        var state = HubState()
        let entry = Array(#"{"version":3,"drop":{"server":1,"how":"gently"}}"#.utf8)
        #expect(throws: StateFormatError.newerVersion(what: "a log entry", found: 3, known: 2)) {
            try state.apply(entry: entry)
        }
        #expect(throws: StateFormatError.newerVersion(what: "the state", found: 5, known: 1)) {
            try HubState(snapshot: Array(#"{"version":5}"#.utf8))
        }
    }

    @Test func anUnknownCommandStopsTheHub() {
        var state = HubState()
        #expect(throws: StateFormatError.unknownCommand(name: "explode")) {
            try state.apply(entry: Array(#"{"version":1,"explode":{}}"#.utf8))
        }
    }

    @Test(arguments: [
        "", "garbage", "null", "[]", "{}", #"{"version":1}"#, #"{"version":"1","drop":{"server":1}}"#,
        #"{"version":1,"drop":{}}"#, #"{"version":1,"drop":{"server":-1}}"#, #"{"version":1,"drop":{"server":1e99}}"#,
        #"{"version":1,"drop":{"server":1},"pause":{"server":1}}"#,
        #"{"version":1,"advance":{"progress":{"term":1,"generations":{"x":1}}}}"#,
    ]) func bytesThatNoVersionWroteChangeNothing(text: String) throws {
        var state = state(servers: [1])
        let before = state
        let reply = try state.apply(entry: Array(text.utf8))
        #expect(reply.text?.hasPrefix("malformed command: ") == true)
        #expect(state == before)
    }

    /// The original's whole group died of one entry. Here: any entry, mutated at random, leaves a state that holds
    /// together or a typed error.
    @Test(arguments: 0..<20) func anyEntryIsSurvived(seed: UInt64) {
        var random = SplitMix(state: seed)
        var state = state(servers: [1, 2, 3])
        for _ in 0..<300 {
            var entry = commands.randomElement(using: &random)?.encoded() ?? []
            for _ in 0..<Int.random(in: 0...3, using: &random) where !entry.isEmpty {
                let index = Int.random(in: 0..<entry.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: entry[index] = UInt8.random(in: .min ... .max, using: &random)
                case 1: entry.remove(at: index)
                default: entry.insert(UInt8(ascii: "9"), at: index)
                }
            }
            do {
                _ = try state.apply(entry: entry)
            } catch {
                continue
            }
            #expect(
                state.acknowledged.allSatisfy { source, row in
                    row.isEmpty
                        || (state.servers[source] != nil
                            && row.keys.allSatisfy { state.servers[$0] != nil && $0 != source })
                })
        }
    }
}

/// A small seeded generator: the same seed, the same run.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
