import HubStore
import Testing

@testable import HubDaemon

@Suite struct InfoRendererTests {
    /// The lines that scripts know, as the original writes them (`protocol/original-admin.md`).
    @Test func primaryShowsTheOriginalsLines() {
        var info = HubInfo()
        info.raft.role = .primary
        info.members = (1...3).map(FakeHub.member)
        let servers = [
            ServerDescription(id: ServerID(1), address: Address(host: "127.0.0.1", port: 9221)),
            ServerDescription(id: ServerID(2), address: Address(host: "127.0.0.1", port: 19221), password: "secret"),
        ]
        _ = info.state.apply(.seed(servers: servers))
        _ = info.state.apply(
            .announcePrimary(hub: HubID(1), term: 1, adminAddress: Address(host: "127.0.0.1", port: 6908)))
        let progress = BinlogProgress(firstOpenFile: 4)
        let step = Advance(
            term: 1, generations: info.state.servers.mapValues(\.generation),
            acknowledged: [ServerID(1): [ServerID(2): progress]])
        _ = info.state.apply(.advance(progress: step))
        var link = HubInfo.Link(status: .connected)
        link.receiveConnections = 2
        link.received = BinlogPosition(file: 0, offset: 190)
        link.sentChunk = 192
        link.sendConnection = 90
        link.heartbeatConnection = 87
        info.links[ServerID(1)] = link
        info.relay.nextChunk = 192

        let text = render(info, [.main])
        #expect(
            text == """
                # Info for [Primary]
                # Pika-Hubs
                127.0.0.1:9311
                127.0.0.1:9312
                127.0.0.1:9313
                # Pika-Servers
                binlog_writer_offset:0:192
                last_success_save_offset_time:
                server_id:1, ip:127.0.0.1, port:9221, password:, sync_status:1, receive_fd_num:2, recv_offset:0:190, \
                send_fd:90, send_offset:0:192, heartbeat_fd:87
                server_id:2, ip:127.0.0.1, port:19221, password:***, sync_status:0, receive_fd_num:0, recv_offset:0:0, \
                send_fd:-1, send_offset:0:0, heartbeat_fd:-1
                ## Saved recover offset
                last_success_save_offset_time:
                1:2-4\u{20}
                2:

                """)
    }

    @Test func secondaryShowsTheOriginalsLines() {
        var info = HubInfo()
        info.members = [FakeHub.member(1)]
        info.raft.leader = HubID(1)
        info.process.nowMicroseconds = 1_795_359_621_773_309
        info.raft.leaseDeadlineMicroseconds = 1_795_359_676_676_193
        #expect(
            render(info, [.main]) == """
                # Info for [Secondary]
                 Primary-Info
                primary: 127.0.0.1:6901
                now: 1795359621773309
                primary_lease_deadline: 1795359676676193
                seconds_to_expire_lease: 54

                """)
        info.raft.leader = nil
        #expect(render(info, [.main]).contains("primary: \n"))
    }

    @Test func everySectionIsShownByAllAndNoneTwice() throws {
        let all = try #require(InfoSection.chosen(by: "all"))
        #expect(Set(all) == Set(InfoSection.allCases))
        #expect(all.count == InfoSection.allCases.count)
        let headings = render(HubInfo(), all).split(separator: "\n").filter { $0.hasPrefix("# ") }
        #expect(headings.count == all.count)
    }

    @Test func noPasswordIsEverShown() {
        var info = HubInfo()
        info.raft.role = .primary
        let server = ServerDescription(
            id: ServerID(1), address: Address(host: "h", port: 9221), password: "zanzibar")
        _ = info.state.apply(.seed(servers: [server]))
        #expect(!render(info, InfoSection.allCases).contains("zanzibar"))
    }

    @Test func numbersHaveFixedPlaces() {
        #expect(fixed(1.0005, places: 3) == "1.001" || fixed(1.0005, places: 3) == "1.000")
        #expect(fixed(0.05, places: 3) == "0.050")
        #expect(fixed(-1, places: 1) == "0.0")
        #expect(fixed(.infinity, places: 1) == "1000000000000.0")
    }

    private func render(_ info: HubInfo, _ sections: [InfoSection]) -> String {
        InfoRenderer(info: info, clients: ClientRegistry.Statistics()).render(sections)
            .split(separator: "\r\n", omittingEmptySubsequences: false).joined(separator: "\n")
    }
}
