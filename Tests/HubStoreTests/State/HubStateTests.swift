import HubStore
import Testing

private let one = ServerID(1)
private let two = ServerID(2)
private let three = ServerID(3)
private let nine = ServerID(9)

@Suite struct HubStateTests {
    @Test func seedAddsOnlyWhatIsUnknown() {
        var state = state(servers: [1, 2])
        let moved = describe(1, port: 7000)
        #expect(state.apply(.seed(servers: [moved, describe(3)])) == .ok)
        #expect(state.servers[one]?.address == describe(1).address)
        #expect(state.servers.keys.sorted() == [one, two, three])
    }

    @Test func seedPassesOverWhatNobodyCouldReach() {
        var state = state(servers: [1])
        let bad = [
            describe(0), describe(2, port: 0), describe(3, port: 64436), describe(4, host: ""),
            describe(5, host: "a b"),
            describe(6, port: describe(1).address.port),
        ]
        #expect(state.apply(.seed(servers: bad)) == .ok)
        #expect(Array(state.servers.keys) == [one])
    }

    @Test func transferKeepsPositionsAndPasswordAndChangesTheGeneration() {
        var state = state(servers: [1, 2], password: "secret")
        state.acknowledge(1, 2, file: 4, offset: 100)
        let before = state
        let address = Address(host: "slave", port: 9221)
        #expect(state.apply(.transfer(server: one, to: address, password: nil)) == .ok)
        #expect(state.servers[one]?.address == address)
        #expect(state.servers[one]?.password == "secret")
        #expect(state.servers[one]?.generation != before.servers[one]?.generation)
        #expect(state.servers[two] == before.servers[two])
        #expect(state.acknowledged == before.acknowledged)
    }

    @Test func transferIsRefusedAsByTheOriginal() {
        var state = state(servers: [1, 2])
        let before = state
        let unknown = state.apply(.transfer(server: nine, to: Address(host: "h", port: 1), password: nil))
        #expect(unknown.text == "server_id 9 is not found in pika_servers")
        let taken = state.apply(.transfer(server: one, to: describe(2).address, password: nil))
        #expect(taken.text == "127.0.0.1:9202 is already the address of server_id 2")
        #expect(state == before)
    }

    @Test func transferOfAServerThatIsOnlineIsRefusedUnlessItIsThereAlready() {
        let state = state(servers: [1, 2])
        let away = HubCommand.transfer(server: one, to: Address(host: "h", port: 1), password: nil)
        #expect(
            state.replyWithoutProposing(away, online: [one])?.text == "server_id 1 is online, could not transfer")
        #expect(state.replyWithoutProposing(away, online: [two]) == nil)
        let same = HubCommand.transfer(server: one, to: describe(1).address, password: nil)
        #expect(state.replyWithoutProposing(same, online: [one]) == .ok)
    }

    @Test func repeatingACommandOnEveryHubChangesNothing() {
        var state = state(servers: [1, 2])
        let commands: [HubCommand] = [
            .copy(existing: one, new: three, to: describe(3).address, password: nil, read: nil),
            .transfer(server: one, to: Address(host: "slave", port: 9221), password: "x"),
            .pause(server: one), .resume(server: one), .drop(server: two),
            .addHub(hub: hub(1)), .addHub(hub: hub(2)),
        ]
        for command in commands {
            #expect(state.replyWithoutProposing(command, online: []) == (command == .resume(server: one) ? .ok : nil))
            #expect(state.apply(command) == .ok)
            let once = state
            #expect(state.replyWithoutProposing(command, online: [one, two, three]) == .ok)
            #expect(state.apply(command) == .ok)
            #expect(state == once)
            if command == .pause(server: one) { #expect(state.servers[one]?.isPaused == true) }
            if command == .pause(server: one) { state.apply(.resume(server: one)).expectOK() }
        }
    }

    @Test func dropForgetsPositionsAndIsNotUndoneByTheFile() {
        var state = state(servers: [1, 2, 3])
        state.acknowledge(1, 2, file: 1, offset: 5)
        state.acknowledge(2, 1, file: 1, offset: 5)
        state.acknowledge(1, 3, file: 1, offset: 5)
        state.suspect("k", winner: two, differing: [one, two])
        state.apply(.drop(server: two)).expectOK()
        #expect(state.acknowledged(source: one, destination: two) == nil)
        #expect(state.acknowledged[two] == nil)
        #expect(state.acknowledged(source: one, destination: three) != nil)
        #expect(state.suspects.values.first?.winner == nil)
        #expect(state.suspects.values.first?.differing == [one])

        state.apply(.seed(servers: [describe(2)])).expectOK()
        #expect(state.servers[two] == nil)
        state.apply(.addServer(server: describe(2))).expectOK()
        #expect(state.servers[two] != nil)
        #expect(state.apply(.drop(server: nine)).text == "server_id 9 is not found in pika_servers")
    }

    @Test func differencesNameWhatTheFileSaysOtherwise() {
        var state = state(servers: [1, 2, 3])
        state.apply(.transfer(server: one, to: Address(host: "slave", port: 9221), password: "new")).expectOK()
        state.apply(.drop(server: two)).expectOK()
        #expect(
            state.differences(from: [describe(1), describe(2), describe(4)]) == [
                "server_id 1 is at slave:9221, in the file at 127.0.0.1:9201",
                "server_id 1 has another password in the file",
                "server_id 2 is in the file but was dropped",
                "server_id 3 is not in the file",
            ])
    }

    @Test func onlyANewerTermReplacesThePrimary() {
        var state = state(servers: [])
        let address = Address(host: "h1", port: 6868)
        state.apply(.announcePrimary(hub: HubID(1), term: 3, adminAddress: address)).expectOK()
        #expect(state.apply(.announcePrimary(hub: HubID(2), term: 2, adminAddress: address)).text == "term 2 is over")
        #expect(state.apply(.announcePrimary(hub: HubID(2), term: 3, adminAddress: address)).text == "term 3 is over")
        state.apply(.announcePrimary(hub: HubID(2), term: 4, adminAddress: address)).expectOK()
        #expect(state.primary == Primary(hub: HubID(2), term: 4, since: 4, adminAddress: address))
    }

    @Test func anUnbrokenRunOfOnePrimaryIsRemembered() {
        var state = state(servers: [])
        let address = Address(host: "h1", port: 6868)
        for (hub, term, since) in [(1, 3, 1), (1, 5, 1), (2, 6, 6), (1, 8, 8), (1, 9, 8)] as [(UInt64, UInt64, UInt64)]
        {
            state.apply(.announcePrimary(hub: HubID(hub), term: term, adminAddress: address)).expectOK()
            #expect(state.primary == Primary(hub: HubID(hub), term: term, since: since, adminAddress: address))
        }
    }

    @Test func hubsComeAndGoButTheLastStays() {
        var state = HubState()
        state.apply(.addHub(hub: hub(1))).expectOK()
        #expect(state.apply(.removeHub(hub: HubID(1))).text == "the last hub of a group cannot be removed")
        state.apply(.addHub(hub: hub(2))).expectOK()
        var taken = hub(3)
        taken.raftAddress = hub(2).raftAddress
        #expect(state.apply(.addHub(hub: taken)).text?.hasPrefix("h2:9211 is already the address") == true)
        state.apply(.removeHub(hub: HubID(1))).expectOK()
        #expect(Array(state.hubs.keys) == [HubID(2)])
    }

    @Test func numbersOfServersAndHubsAreBounded() {
        var state = HubState()
        state.apply(.seed(servers: (1...300).map { describe(UInt32($0)) })).expectOK()
        #expect(state.servers.count == HubState.maximumServers)
        #expect(state.apply(.addServer(server: describe(400))).text == "a group syncs at most 256 servers")
        for id in UInt64(1)...70 { _ = state.apply(.addHub(hub: hub(id))) }
        #expect(state.hubs.count == HubState.maximumHubs)
    }
}

func describe(_ id: UInt32, host: String = "127.0.0.1", port: Int? = nil) -> ServerDescription {
    ServerDescription(id: ServerID(id), address: Address(host: host, port: port ?? 9200 + Int(id)))
}

func hub(_ id: UInt64) -> HubMember {
    HubMember(
        id: HubID(id), raftAddress: Address(host: "h\(id)", port: 9211),
        adminAddress: Address(host: "h\(id)", port: 6868))
}

/// Servers, and hub 1 as the primary of term 1.
func state(servers: [UInt32], password: String = "") -> HubState {
    var state = HubState()
    let described = servers.map { id in
        var description = describe(id)
        description.password = password
        return description
    }
    state.apply(.seed(servers: described)).expectOK()
    let address = Address(host: "h1", port: 6868)
    state.apply(.announcePrimary(hub: HubID(1), term: 1, adminAddress: address)).expectOK()
    return state
}

extension HubState {
    var generations: [ServerID: Generation] { servers.mapValues(\.generation) }

    mutating func acknowledge(_ source: UInt32, _ destination: UInt32, file: UInt32, offset: UInt64) {
        var progress = BinlogProgress(firstOpenFile: file)
        progress.cover(BinlogPosition(file: file, offset: offset))
        apply(
            .advance(
                progress: Advance(
                    term: primary?.term ?? 0, generations: generations,
                    acknowledged: [ServerID(source): [ServerID(destination): progress]]))
        ).expectOK()
    }

    mutating func suspect(_ key: String, winner: ServerID?, differing: Set<ServerID>) {
        let suspect = Suspect(key: Array(key.utf8), winner: winner, differing: differing)
        apply(.advance(progress: Advance(term: 1, generations: [:], suspects: [suspect]))).expectOK()
    }
}

extension HubReply {
    var text: String? {
        if case .refused(let reason) = self { reason.description } else { nil }
    }

    func expectOK() { #expect(self == .ok) }
}
