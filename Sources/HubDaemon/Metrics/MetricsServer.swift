internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore

/// `metrics-port`: figures for Prometheus, and yes or no for load balancers. Reads only; what it tells is no secret
/// between those who may reach the port, but it names addresses, so it listens where `bind` says and nowhere else.
struct MetricsServer: Sendable {
    /// Prometheus needs one connection, probes one each.
    private static let maximumConnections = 64
    private static let idleSeconds: Int64 = 60

    private let context: AdminContext
    private let logger: Logger

    init(context: AdminContext, logger: Logger) {
        self.context = context
        self.logger = logger
    }

    /// Serves on one address until the task is cancelled.
    ///
    /// - Parameter listening: told the real port once it listens.
    /// - Throws: why it cannot listen.
    func run(host: String, port: Int, listening: @escaping @Sendable (Int) -> Void) async throws {
        var quiet = logger
        // What happens to single requests is of no interest to the hub's log.
        quiet.logLevel = .error
        let application = Application(
            router: router,
            server: .http1(configuration: .init(idleTimeout: .seconds(Self.idleSeconds))),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port), serverName: nil,
                availableConnectionsDelegate: MaximumAvailableConnections(Self.maximumConnections, logger: quiet)),
            onServerRunning: { channel in listening(channel.localAddress?.port ?? port) },
            logger: quiet)
        try await application.run()
    }

    private var router: Router<BasicRequestContext> {
        let router = Router()
        router.middlewares.add(MetricsMiddleware())
        router.get("metrics") { _, _ in
            var info = await context.control.info()
            // Here and not for every INFO: counting takes as long as there are descriptors.
            info.process.openDescriptors = ProcessFigures.openDescriptors
            let figures = Metric.Figures(info: info, clients: context.clients.statistics, recorded: context.metrics)
            return Self.response(.ok, Metric.text(of: figures), type: "text/plain; version=0.0.4; charset=utf-8")
        }
        router.get("healthz") { _, _ in Self.response(HealthCheck.alive) }
        router.get("readyz") { _, _ in Self.response(HealthCheck.ready(await context.control.info())) }
        router.get("lag") { request, _ in
            guard let text = request.uri.queryParameters["max"], let maximum = Double(text), maximum >= 0 else {
                return Self.response(.badRequest, "expected /lag?max=SECONDS\n")
            }
            return Self.response(HealthCheck.lag(await context.control.info(), maximum: maximum))
        }
        return router
    }

    private static func response(_ check: HealthCheck) -> Response {
        response(check.isGood ? .ok : .serviceUnavailable, check.text + "\n")
    }

    private static func response(
        _ status: HTTPResponse.Status, _ text: String, type: String = "text/plain; charset=utf-8"
    ) -> Response {
        Response(
            status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
