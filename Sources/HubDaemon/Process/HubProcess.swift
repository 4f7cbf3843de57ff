internal import Glibc
internal import HubStore
internal import Logging
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
        ProcessMemory.keepFreedBuffers()
        let live = LiveConfiguration(configuration, file: file)
        let sink = try LogSink(live)
        let logger = sink.logger
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        let pidFile = configuration.daemonize ? try LockFile(path: configuration.pidfile) : nil
        defer { pidFile?.remove() }
        do {
            let hub = try await Hub.open(configuration, log: logger)
            let desk = HubDesk(hub: hub, configuration: live, log: sink)
            let context = AdminContext(
                control: desk, configuration: live, clients: ClientRegistry(), now: { ContinuousClock.now })
            let admin = try await AdminServer.bind(
                hosts: configuration.listenHosts, port: configuration.sdkPort, context: context,
                group: .singletonMultiThreadedEventLoopGroup, logger: logger)
            started()
            logger.info("started: pika_hub \(HubVersion.current), admin port \(configuration.sdkPort), pid \(getpid())")
            if !ServiceManager.notify(.ready) { logger.warning("service-manager: it could not be told") }
            try await serve(hub, admin, signals, sink)
        } catch {
            logger.critical("stopped: \(error)")
            throw error
        }
    }

    private static func serve(
        _ hub: Hub, _ admin: AdminServer, _ signals: UnixSignalsSequence, _ sink: LogSink
    ) async throws {
        let logger = sink.logger
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await admin.run() }
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
            defer { group.cancelAll() }
            try await hub.run()
        }
    }
}

extension Configuration {
    /// The addresses to bind to.
    var listenHosts: [String] { bind.isEmpty ? ["0.0.0.0"] : bind }
}
