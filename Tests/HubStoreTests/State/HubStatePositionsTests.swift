import HubStore
import Testing

private let one = ServerID(1)
private let two = ServerID(2)
private let three = ServerID(3)
private let newAddress = Address(host: "new", port: 9221)

@Suite struct HubStatePositionsTests {
    @Test func positionsNeverGoBackwards() {
        var state = state(servers: [1, 2])
        state.acknowledge(1, 2, file: 4, offset: 100)
        state.acknowledge(1, 2, file: 3, offset: 900)
        #expect(state.acknowledged(source: one, destination: two)?.newest == BinlogPosition(file: 4, offset: 100))
    }

    @Test func anEarlierTermAdvancesNothing() {
        var state = state(servers: [1, 2])
        let step = Advance(
            term: 0, generations: state.generations, acknowledged: [one: [two: BinlogProgress(firstOpenFile: 9)]])
        #expect(state.apply(.advance(progress: step)).text == "term 0 is over")
        #expect(state.acknowledged.isEmpty)
    }

    /// An entry that was under way while its server was dropped and came back empty must not speak for the new one.
    @Test func whatAnEarlierLinkSaidIsPassedOver() {
        var state = state(servers: [1, 2])
        let generations = state.generations
        state.apply(.drop(server: two)).expectOK()
        state.apply(.addServer(server: describe(2))).expectOK()
        let progress = BinlogProgress(firstOpenFile: 9)
        let step = Advance(
            term: 1, generations: generations,
            acknowledged: [one: [two: progress, one: progress, three: progress], two: [one: progress]])
        state.apply(.advance(progress: step)).expectOK()
        #expect(!state.acknowledged.values.contains { !$0.isEmpty })
    }

    /// Its binlog ends before what was read of it: from then on it counts as another server.
    @Test func aCutTakesBackWhatLiesBehindIt() {
        var state = state(servers: [1, 2, 3])
        state.acknowledge(1, 2, file: 4, offset: 100)
        state.acknowledge(1, 3, file: 4, offset: 20)
        state.acknowledge(2, 1, file: 4, offset: 100)
        let generations = state.generations
        let far = BinlogProgress(firstOpenFile: 9)
        let end = BinlogPosition(file: 4, offset: 60)
        let step = Advance(term: 1, generations: generations, acknowledged: [one: [two: far]], cuts: [one: end])
        for _ in 1...2 { state.apply(.advance(progress: step)).expectOK() }
        #expect(state.acknowledged[one]?[two]?.covers(BinlogPosition(file: 4, offset: 59)) == true)
        #expect(state.acknowledged[one]?[two]?.covers(end) == false)
        #expect(state.acknowledged[one]?[three]?.newest == BinlogPosition(file: 4, offset: 20))
        #expect(state.acknowledged[two]?[one]?.newest == BinlogPosition(file: 4, offset: 100))
        #expect(state.generations[one] != generations[one] && state.generations[two] == generations[two])
    }

    @Test func copyStartsWhereItsMasterIs() {
        var state = state(servers: [1, 2, 3])
        state.acknowledge(1, 2, file: 5, offset: 10)
        state.acknowledge(1, 3, file: 6, offset: 20)
        state.acknowledge(2, 1, file: 7, offset: 30)
        state.acknowledge(2, 3, file: 2, offset: 40)
        let four = ServerID(4)
        state.apply(.copy(existing: one, new: four, to: newAddress, password: nil, read: nil)).expectOK()

        #expect(state.acknowledged(source: two, destination: four) == state.acknowledged[two]?[one])
        #expect(state.acknowledged(source: three, destination: four) == nil)
        let own = state.acknowledged(source: one, destination: four)
        #expect(own?.newest == BinlogPosition(file: 6, offset: 20))
        // Server 2 has less of server 1, in a file that a young slave does not have.
        for other in [one, two, three] { #expect(state.acknowledged(source: four, destination: other) == own) }
    }

    @Test func copyOfTheOnlyServerStartsWhereThePrimaryHadReadIt() {
        var state = state(servers: [1], password: "secret")
        let read = BinlogProgress(firstOpenFile: 8)
        state.apply(.copy(existing: one, new: two, to: newAddress, password: nil, read: read)).expectOK()
        #expect(state.acknowledged == [one: [two: read], two: [one: read]])
        #expect(state.servers[two]?.password == "secret")
        state.apply(.copy(existing: one, new: three, to: describe(3).address, password: "", read: nil)).expectOK()
        #expect(state.servers[three]?.password == "")
    }

    @Test func copyIsRefusedAsByTheOriginal() {
        var state = state(servers: [1, 2])
        let nine = state.apply(.copy(existing: ServerID(9), new: three, to: newAddress, password: nil, read: nil))
        #expect(nine.text == "src_server_id 9 is not found in pika_servers")
        let known = state.apply(.copy(existing: one, new: two, to: newAddress, password: nil, read: nil))
        #expect(known.text == "new_server_id 2 is already exist in pika_servers")
        let zero = state.apply(.copy(existing: one, new: ServerID(0), to: newAddress, password: nil, read: nil))
        #expect(zero.text == "server_id must be a number from 1 to 4294967295")
    }

    @Test func resumePositionIsWhatAllOthersHave() {
        var state = state(servers: [1, 2, 3])
        #expect(state.resumePosition(of: one) == nil)
        state.acknowledge(1, 2, file: 5, offset: 10)
        #expect(state.resumePosition(of: one) == nil)
        state.acknowledge(1, 3, file: 6, offset: 20)
        #expect(state.resumePosition(of: one)?.firstOpenFile == 5)
    }

    @Test func suspectsAreReplacedAndTakenOut() {
        var state = state(servers: [1, 2, 3])
        state.suspect("k", winner: one)
        state.suspect("k", winner: two)
        #expect(state.suspects.values.map(\.winner) == [two])
        state.suspect("k", winner: ServerID(9))
        #expect(state.suspects.values.map(\.winner) == [nil])
        let repaired = Advance(term: 1, generations: [:], repairedKeys: [Array("k".utf8)])
        state.apply(.advance(progress: repaired)).expectOK()
        #expect(state.suspects.isEmpty)
    }

    @Test func tooManySuspectsRefuseTheWholeStep() {
        var state = state(servers: [1, 2])
        let suspects = (0...HubState.maximumSuspects).map { number in
            Suspect(key: Array("\(number)".utf8), winner: one)
        }
        let step = Advance(
            term: 1, generations: state.generations, acknowledged: [one: [two: BinlogProgress(firstOpenFile: 9)]],
            suspects: suspects)
        #expect(state.apply(.advance(progress: step)).text == "too many keys await repair")
        #expect(state.acknowledged.isEmpty && state.suspects.isEmpty)
    }

    @Test func aCleanStopIsRememberedUntilTheNextPrimary() {
        var state = state(servers: [])
        state.apply(.advance(progress: Advance(term: 1, generations: [:], isLast: true))).expectOK()
        #expect(state.primary?.hasStopped == true)
        let address = Address(host: "h1", port: 6868)
        state.apply(.announcePrimary(hub: HubID(1), term: 2, adminAddress: address)).expectOK()
        #expect(state.primary?.hasStopped == false)
    }
}
