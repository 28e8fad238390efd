// swift-tools-version: 6.2

import PackageDescription

/// `INDELIBLE_CORE=1` leaves out every target that needs NIO, so that the core's edit loop, the sanitizers and the
/// fuzzers build in seconds. `Tools/test --core` sets it.
let coreOnly = Context.environment["INDELIBLE_CORE"] == "1"

/// `INDELIBLE_STRICT=1` makes every warning in our own sources an error. `Tools/test` sets it; users of the package never
/// see it, since a compiler newer than ours may warn of more.
let strict = Context.environment["INDELIBLE_STRICT"] == "1"

/// `FUZZ=1` adds the fuzzer and compiles what it fuzzes with libFuzzer's and the address sanitizer's instruments.
/// `Tools/fuzz` sets it.
let fuzzing = Context.environment["FUZZ"] == "1"
let instruments = ["-sanitize=fuzzer,address", "-parse-as-library"]

/// `INDELIBLE_TESTS=LogStorageTests` leaves out the test targets that it does not name (commas between several), so that
/// one of them builds with what it needs and no more. `Tools/mutants` sets it.
let namedTests = Context.environment["INDELIBLE_TESTS"].map { $0.split(separator: ",").map(String.init) }

let settings: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ] + (strict ? [.treatAllWarnings(as: .error)] : []) + (fuzzing ? [.unsafeFlags(instruments)] : [])
let cSettings: [CSetting] = strict ? [.treatAllWarnings(as: .error)] : []

let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

var products: [Product] = [
    .library(name: "Indelible", targets: ["Indelible"]),
    .library(name: "IndelibleObservability", targets: ["IndelibleObservability"]),
    .library(name: "IndelibleTesting", targets: ["IndelibleTesting"]),
    .executable(name: "indelible", targets: ["indelible-tool"]),
]

var dependencies: [Package.Dependency] = [
    // The handler's logger and the engine's own messages: the API that every Swift service already configures.
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    // The runtime's timer heap and its queues of waiting executions; the order of parked handlers.
    .package(url: "https://github.com/apple/swift-collections", from: "1.1.0"),
    // `DurableEngine` is a `Service`, so that a server starts and drains it with the rest.
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
    // The counters and timers of `MetricsPlugin`: the API that a service's metrics back end is bootstrapped with.
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    // The spans of `TracingPlugin`, and the context in which user code finds them: the API of every tracer for Swift.
    .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
    // The command-line tool's and the demo's arguments, help and completions.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
]

var targets: [Target] = [
    // The storage layers. Nothing but liblz4 and our own C below EngineRuntime.
    .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
    .target(name: "CStorage", cSettings: cSettings),
    .target(name: "LZ4", dependencies: ["CLZ4"], swiftSettings: settings),
    .target(name: "LogStorage", dependencies: ["LZ4", "CStorage"], swiftSettings: settings),

    // The pure core.
    .target(name: "ExecutionModel", swiftSettings: settings),
    .target(name: "ExecutionEngine", dependencies: ["ExecutionModel"], swiftSettings: settings),

    // The joint of the two, and the SDK over it.
    .target(
        name: "EngineRuntime", dependencies: ["LogStorage", "ExecutionEngine", deque, heap], swiftSettings: settings),
    .target(name: "Indelible", dependencies: ["EngineRuntime", log, lifecycle, deque], swiftSettings: settings),
    .target(name: "IndelibleTesting", dependencies: ["Indelible"], swiftSettings: settings),

    // Plugins for metrics, traces and logs. ExecutionModel for its hash, which ids are derived by.
    .target(
        name: "IndelibleObservability", dependencies: ["Indelible", "ExecutionModel", log, metrics, tracing],
        swiftSettings: settings),

    .testTarget(name: "LZ4Tests", dependencies: ["LZ4", "CStorage"], swiftSettings: settings),
    .testTarget(name: "LogStorageTests", dependencies: ["LogStorage"], swiftSettings: settings),
    .testTarget(name: "ExecutionModelTests", dependencies: ["ExecutionModel"], swiftSettings: settings),
    .testTarget(name: "ExecutionEngineTests", dependencies: ["ExecutionEngine"], swiftSettings: settings),
    .testTarget(name: "EngineRuntimeTests", dependencies: ["EngineRuntime"], swiftSettings: settings),
    .testTarget(name: "IndelibleTests", dependencies: ["Indelible", "IndelibleTesting"], swiftSettings: settings),
    .testTarget(
        name: "IndelibleObservabilityTests",
        dependencies: ["IndelibleObservability", "Indelible", "IndelibleTesting", log, metrics, tracing],
        swiftSettings: settings),

    // The command-line tool. The target has a name of its own, since `indelible` and `Indelible` are one folder on a
    // file system that ignores case.
    .executableTarget(
        name: "indelible-tool", dependencies: ["Indelible", argumentParser], path: "Tools/indelible",
        swiftSettings: settings),

    // Processes of ours that are killed: started, read and waited for; told from the inside when to end.
    .target(name: "ChildProcesses", path: "Tools/child-processes", swiftSettings: settings),

    // One seed, one run of the whole engine: over a disk, a clock and an executor that the seed drives; and the command that
    // runs many.
    .target(
        name: "Simulation",
        dependencies: [
            "Indelible", "IndelibleTesting", "EngineRuntime", "ExecutionEngine", "ExecutionModel", "LogStorage", log,
        ], path: "Tools/simulation", swiftSettings: settings),
    .executableTarget(
        name: "simulator", dependencies: ["Simulation", "ChildProcesses", argumentParser], path: "Tools/simulator",
        swiftSettings: settings),
    .testTarget(
        name: "SimulationTests", dependencies: ["Simulation", "EngineRuntime", "Indelible", "LogStorage"],
        swiftSettings: settings),

    // The demo: orders and what must become of them, the payment as a durable function, and the driver that kills,
    // restarts and checks.
    .target(name: "DemoPayments", path: "Tools/demo-payments", swiftSettings: settings),
    .target(
        name: "DemoWorkflow", dependencies: ["Indelible", "DemoPayments"], path: "Tools/demo-workflow",
        swiftSettings: settings),
    .executableTarget(
        name: "demo-driver", dependencies: ["DemoPayments", "ChildProcesses", argumentParser],
        path: "Tools/demo-driver", swiftSettings: settings),
    .executableTarget(
        name: "crash-worker", dependencies: ["Indelible", "ChildProcesses", argumentParser],
        path: "Tools/crash-worker", swiftSettings: settings),
    .testTarget(name: "DemoPaymentsTests", dependencies: ["DemoPayments"], swiftSettings: settings),
    .testTarget(
        name: "DemoWorkflowTests", dependencies: ["DemoWorkflow", "DemoPayments", "Indelible", "IndelibleTesting"],
        swiftSettings: settings),
    .testTarget(
        name: "IndelibleToolTests", dependencies: ["indelible-tool", "Indelible", "ChildProcesses"],
        swiftSettings: settings),
    .testTarget(name: "ChildProcessesTests", dependencies: ["ChildProcesses"], swiftSettings: settings),

    // The decoders that must stand any bytes, for the fuzzer and for the test that runs its corpus.
    .target(
        name: "FuzzTargets",
        dependencies: ["LogStorage", "LZ4", "ExecutionEngine", "ExecutionModel", "EngineRuntime"],
        path: "Tools/fuzz-targets", swiftSettings: settings),
    .testTarget(
        name: "FuzzTargetsTests",
        dependencies: ["FuzzTargets", "LogStorage", "ExecutionEngine", "ExecutionModel", "EngineRuntime"],
        swiftSettings: settings),
]

if fuzzing {
    targets.append(
        .executableTarget(
            name: "fuzzer", dependencies: ["FuzzTargets"], path: "Tools/fuzzer", swiftSettings: settings,
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]))
}

if !coreOnly {
    // The demo's gateway and the worker that calls it talk over a real socket.
    dependencies.append(.package(url: "https://github.com/apple/swift-nio", from: "2.80.0"))
    let nio: [Target.Dependency] = ["NIOCore", "NIOPosix"].map { .product(name: $0, package: "swift-nio") }
    targets += [
        .target(name: "DemoTransport", dependencies: nio, path: "Tools/demo-transport", swiftSettings: settings),
        .executableTarget(
            name: "demo-gateway",
            dependencies: ["DemoPayments", "DemoTransport", "ChildProcesses", argumentParser] + nio,
            path: "Tools/demo-gateway", swiftSettings: settings),
        .executableTarget(
            name: "demo-worker",
            dependencies: [
                "Indelible", "DemoPayments", "DemoWorkflow", "DemoTransport", "ChildProcesses", argumentParser,
            ] + nio,
            path: "Tools/demo-worker", swiftSettings: settings),
    ]
}

if let namedTests { targets.removeAll { $0.isTest && !namedTests.contains($0.name) } }

let package = Package(
    name: "indelible", platforms: [.macOS(.v15)], products: products, dependencies: dependencies, targets: targets)
