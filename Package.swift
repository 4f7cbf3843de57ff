// swift-tools-version: 6.2
import PackageDescription

/// Every target is built in Swift 6 mode; a warning is an error.
let settings: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// The data plane and the simulators work on raw bytes; unchecked arithmetic is never used.
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioConcurrency = Target.Dependency.product(name: "NIOConcurrencyHelpers", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")

let package = Package(
    name: "pika_hub",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "pika_hub", targets: ["pika_hub"]),
        .executable(name: "pika_hub_inspect", targets: ["pika_hub_inspect"]),
        .executable(name: "fuzz", targets: ["fuzz"]),
        .executable(name: "pika_sim", targets: ["pika_sim"]),
        .executable(name: "pika_hub_compare", targets: ["pika_hub_compare"]),
        .executable(name: "raft_benchmark", targets: ["raft_benchmark"]),
        .executable(name: "raft_simulator", targets: ["raft_simulator"]),
        .executable(name: "sync_simulator", targets: ["sync_simulator"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CRocksDB", pkgConfig: "rocksdb", providers: [.apt(["librocksdb-dev"])]),
        .target(name: "HubStore", dependencies: ["CRocksDB"], swiftSettings: settings),
        .target(name: "RaftLog", dependencies: ["HubStore"], swiftSettings: settings),
        .target(name: "HubSync", dependencies: ["HubStore"], swiftSettings: settings),
        .target(
            name: "HubDaemon",
            dependencies: [
                "HubStore", "RaftLog", "HubSync", nioCore, nioPosix, logging, metrics, hummingbird, hummingbirdCore,
                arguments, signals,
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "pika_hub", dependencies: ["HubDaemon", arguments], swiftSettings: settings, plugins: ["GitRevision"]),
        .plugin(name: "GitRevision", capability: .buildTool(), path: "tools/GitRevision"),

        .target(
            name: "Inspection", dependencies: ["HubStore", "RaftLog", "HubSync", arguments], path: "tools/Inspection",
            swiftSettings: settings),
        .executableTarget(
            name: "pika_hub_inspect", dependencies: ["Inspection", arguments], path: "tools/pika_hub_inspect",
            swiftSettings: settings),

        .target(
            name: "PikaSim", dependencies: [nioCore, nioPosix, arguments], path: "tools/PikaSim",
            swiftSettings: settings),
        .executableTarget(
            name: "pika_sim", dependencies: ["PikaSim", arguments], path: "tools/pika_sim", swiftSettings: settings),

        .target(
            name: "Comparison", dependencies: ["HubSync", nioCore, nioPosix, arguments], path: "tools/Comparison",
            swiftSettings: settings),
        .executableTarget(
            name: "pika_hub_compare", dependencies: ["Comparison"], path: "tools/pika_hub_compare",
            swiftSettings: settings),

        .target(
            name: "SimulatedRaft", dependencies: ["HubStore", "RaftLog"], path: "tools/SimulatedRaft",
            swiftSettings: settings),
        .target(
            name: "RaftSimulation", dependencies: ["HubStore", "RaftLog", "SimulatedRaft", arguments],
            path: "tools/RaftSimulation", swiftSettings: settings),
        .executableTarget(
            name: "raft_simulator", dependencies: ["RaftSimulation", arguments], path: "tools/raft_simulator",
            swiftSettings: settings),

        .target(
            name: "RaftBenchmark",
            dependencies: ["HubDaemon", "HubStore", "RaftLog", nioCore, nioPosix, logging, arguments],
            path: "tools/RaftBenchmark", swiftSettings: settings),
        .executableTarget(
            name: "raft_benchmark", dependencies: ["RaftBenchmark", arguments], path: "tools/raft_benchmark",
            swiftSettings: settings),

        .target(
            name: "SyncSimulation",
            dependencies: ["HubStore", "HubSync", "PikaSim", "RaftLog", "SimulatedRaft", arguments],
            path: "tools/SyncSimulation", swiftSettings: settings),
        .executableTarget(
            name: "sync_simulator", dependencies: ["SyncSimulation", arguments], path: "tools/sync_simulator",
            swiftSettings: settings),

        .target(
            name: "Fuzzing", dependencies: ["HubDaemon", "HubStore", "HubSync", "Inspection", "RaftLog", arguments],
            path: "tools/Fuzzing", swiftSettings: settings),
        .executableTarget(
            name: "fuzz", dependencies: ["Fuzzing", arguments], path: "tools/fuzz", swiftSettings: settings),

        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
        .testTarget(name: "HubStoreTests", dependencies: ["HubStore"], swiftSettings: settings),
        .testTarget(
            name: "RaftLogTests", dependencies: ["RaftLog", "RaftSimulation", "SimulatedRaft"], swiftSettings: settings),
        .testTarget(name: "HubSyncTests", dependencies: ["HubSync"], swiftSettings: settings),
        .testTarget(
            name: "HubDaemonTests",
            dependencies: [
                "HubDaemon", "HubStore", "HubSync", "TestSupport", "pika_hub", nioCore, nioPosix, logging, metrics,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "PikaSimTests", dependencies: ["PikaSim", nioCore, nioPosix, nioConcurrency], swiftSettings: settings),
        .testTarget(
            name: "ComparisonTests", dependencies: ["Comparison", "HubSync", "PikaSim", "TestSupport"],
            swiftSettings: settings),
        // Runs the built executables and links none of them.
        .testTarget(
            name: "EndToEndTests", dependencies: ["HubSync", "TestSupport", nioCore, nioPosix], swiftSettings: settings),
        .testTarget(
            name: "InspectionTests",
            dependencies: ["Inspection", "HubStore", "HubSync", "RaftLog", "pika_hub_inspect", arguments],
            swiftSettings: settings),
        .testTarget(name: "FuzzingTests", dependencies: ["Fuzzing"], swiftSettings: settings),
        .testTarget(name: "SyncSimulationTests", dependencies: ["SyncSimulation"], swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
