import HubStore
import Logging
import Metrics
import NIOCore
import NIOPosix
import Testing

@testable import HubDaemon

/// The metrics port over sockets.
@Suite struct MetricsServerTests {
    @Test func figuresAndChecksAreServed() async throws {
        try await withServer { port, hub async throws in
            let metrics = try await get(port, "/metrics")
            #expect(metrics.status == 200 && metrics.head.contains("text/plain; version=0.0.4"))
            #expect(metrics.body.contains("\npika_hub_is_primary 1\n"))
            #expect(try await get(port, "/healthz").body == "ok\n")
            #expect(try await get(port, "/readyz").status == 200)
            hub.change { $0.raft.leader = nil }
            #expect(try await get(port, "/readyz").status == 503)
            #expect(try await get(port, "/lag?max=1").status == 200)
            hub.change { info in
                var route = HubInfo.Route(source: ServerID(1), destination: ServerID(2))
                route.lagSeconds = 1.5
                info.routes = [route]
            }
            let late = try await get(port, "/lag?max=1")
            #expect(late.status == 503 && late.body == "1 -> 2: 1.5 s\n")
            #expect(try await get(port, "/lag?max=2").status == 200)
            for wrong in ["/lag", "/lag?max=x", "/lag?max=-1"] { #expect(try await get(port, wrong).status == 400) }
            #expect(try await get(port, "/nothing").status == 404)
        }
    }

    @Test func requestsAreCounted() async throws {
        let registry = MetricRegistry()
        try await withMetricsFactory(registry) {
            try await withServer(registry) { port, _ async throws in
                #expect(try await get(port, "/healthz").status == 200)
                let metrics = try await get(port, "/metrics").body
                let request = #"{route="/healthz",method="GET",status="200"}"#
                #expect(metrics.contains("\npika_hub_http_requests_total\(request) 1\n"))
                #expect(metrics.contains("\npika_hub_http_request_seconds_count\(request) 1\n"))
            }
        }
    }

    @Test func aPortInUseIsToldAndNotWaitedFor() async throws {
        let taken = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(taken.localAddress?.port)
        let server = MetricsServer(context: AdminBench().context, logger: silent)
        await #expect(throws: (any Error).self) {
            try await server.run(host: "127.0.0.1", port: port) { _ in Issue.record("it listens") }
        }
        try await taken.close()
    }

    // MARK: Helpers

    private var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

    private func withServer(
        _ registry: MetricRegistry = MetricRegistry(), _ body: @Sendable (Int, FakeHub) async throws -> Void
    ) async throws {
        var bench = AdminBench(servers: [1, 2])
        bench.context.metrics = registry
        let server = MetricsServer(context: bench.context, logger: silent)
        let (ports, sink) = AsyncStream.makeStream(of: Int.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run(host: "127.0.0.1", port: 0) { sink.yield($0) } }
            for await port in ports {
                try await body(port, bench.hub)
                break
            }
            group.cancelAll()
            do { try await group.waitForAll() } catch is CancellationError {}
        }
    }

    private func get(_ port: Int, _ path: String) async throws -> (status: Int, head: String, body: String) {
        let connection = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let answer = try await connection.executeThenClose { inbound, outbound in
            let request = "GET \(path) HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n"
            try await outbound.write(ByteBuffer(string: request))
            var answer = ""
            for try await part in inbound { answer += String(buffer: part) }
            return answer
        }
        let end = try #require(answer.firstRange(of: "\r\n\r\n"))
        let status = try #require(answer.split(separator: " ").dropFirst().first.flatMap { Int($0) })
        return (status, String(answer[..<end.lowerBound]), String(answer[end.upperBound...]))
    }
}
