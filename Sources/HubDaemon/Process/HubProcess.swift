internal import Glibc
internal import HubStore
internal import Logging
internal import Metrics
internal import NIOPosix
internal import UnixSignals

/// Everything around one hub: log, pid file, admin port, signals.
enum HubProcess {
    /// Runs until SIGTERM, SIGINT or SHUTDOWN has stopped the hub cleanly.
    ///
    /// - Parameter reportTo: where a caller waits to hear that the start succeeded (`Detachment`).
    /// - Throws: why the hub could not start, or could not go on.
    static func run(_ configuration: Configuration, file: String, reportTo: CInt?) async throws {
        var reportTo = reportTo
        do {
            try await run(configuration, file: file) {
                Detachment.report(nil, to: reportTo)
                reportTo = nil
            }
        } catch {
            Detachment.report("\(error)", to: reportTo)
            throw error
        }
    }

    private static func run(_ configuration: Configuration, file: String, started: () -> Void) async throws {
        signal(SIGPIPE, SIG_IGN)
        let descriptorLimit = ProcessFigures.raiseDescriptorLimit()
        let live = LiveConfiguration(configuration, file: file)
        let sink = try LogSink(live)
        let logger = sink.logger
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        let pidFile = configuration.daemonize ? try LockFile(path: configuration.pidfile) : nil
        defer { pidFile?.remove() }
        do {
            let hub = try await Hub.open(configuration, log: logger)
            let desk = HubDesk(hub: hub, configuration: live, log: sink)
            let recorded = MetricRegistry()
            // What the libraries record.
            MetricsSystem.bootstrap(recorded)
            let context = AdminContext(
                control: desk, configuration: live, clients: ClientRegistry(descriptorLimit: descriptorLimit),
                now: { ContinuousClock.now }, metrics: recorded)
            let admin = try await AdminServer.bind(
                hosts: configuration.listenHosts, port: configuration.sdkPort, context: context,
                group: .singletonMultiThreadedEventLoopGroup, logger: logger)
            let metrics = MetricsServer(context: context, logger: logger)
            try await serve(hub, admin, metrics, signals, sink, started)
        } catch {
            logger.critical("stopped: \(error)")
            throw error
        }
    }

    private static func serve(
        _ hub: Hub, _ admin: AdminServer, _ metrics: MetricsServer, _ signals: UnixSignalsSequence, _ sink: LogSink,
        _ started: () -> Void
    ) async throws {
        let logger = sink.logger
        let configuration = hub.configuration
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await admin.run() }
            defer { group.cancelAll() }
            if configuration.metricsPort != 0 {
                for host in configuration.listenHosts {
                    try await start(metrics, host: host, port: configuration.metricsPort, in: &group)
                }
            }
            started()
            logger.info("started: pika_hub \(HubVersion.current), admin port \(configuration.sdkPort), pid \(getpid())")
            if !ServiceManager.notify(.ready) { logger.warning("service-manager: it could not be told") }
            group.addTask {
                for await signal in signals {
                    logger.info("signal: \(signal)")
                    if signal == .sighup {
                        sink.reopen()
                    } else {
                        _ = ServiceManager.notify(.stopping)
                        hub.stop()
                    }
                }
            }
            try await hub.run()
        }
    }

    /// Returns when it listens; throws why it cannot.
    private static func start(
        _ metrics: MetricsServer, host: String, port: Int, in group: inout ThrowingTaskGroup<Void, any Error>
    ) async throws {
        let (listening, sink) = AsyncThrowingStream.makeStream(of: Void.self)
        group.addTask {
            do {
                try await metrics.run(host: host, port: port) { _ in sink.yield() }
                sink.finish()
            } catch {
                sink.finish(throwing: MetricsPortFailure(address: Address(host: host, port: port), reason: "\(error)"))
            }
        }
        for try await _ in listening { return }
    }
}

/// `metrics-port` cannot be listened on.
private struct MetricsPortFailure: Error, CustomStringConvertible {
    var address: Address
    var reason: String

    var description: String { "cannot listen on \(address), the metrics-port: \(reason)" }
}

extension Configuration {
    /// The addresses to bind to.
    var listenHosts: [String] { bind.isEmpty ? ["0.0.0.0"] : bind }
}
