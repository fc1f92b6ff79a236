// swift-tools-version: 6.2
import PackageDescription

/// Every module is held to the same rules; each `unsafe` in the sources is there on purpose.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    // A request crosses six modules; without the first each call between them stays a call. The second leaves out the
    // checks at run time that nothing is changed while it is being read, a seventh of a worker's instructions; all
    // tests run with them, in debug.
    .unsafeFlags(["-cross-module-optimization", "-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

/// Tests may reach for pointers freely, warnings are errors there too.
let testing: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
]

let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")

func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: testing)
}

let package = Package(
    name: "todo-fcgi",
    dependencies: [
        // The commands: the field's standard parser, with help and completion scripts for free.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // Double-ended queues: what waits for a connection, and what waits on one for its result.
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        // The log interface every Swift server shares; only the executable speaks it.
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        // The ground: C libraries, one module each.
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CFastCGI", providers: [.apt(["libfcgi-dev"])]),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

        // Mechanisms, each hiding its C library.
        room("EventLoop", ["CLinux"]),
        room("FastCGI", ["EventLoop", "CFastCGI", "CLinux"]),
        room("PostgreSQL", ["EventLoop", "CLibPQ", "CLinux", deque]),
        room("OpenSSL", ["COpenSSL"]),
        room("JSON"),
        room("Metrics", ["EventLoop", "CLinux"]),

        // The service.
        room("Tasks"),
        room("JWT", ["OpenSSL", "JSON"]),
        room("JWKS", ["JWT", "OpenSSL", "EventLoop", "CCurl"]),
        room("TasksPostgreSQL", ["Tasks", "PostgreSQL", "EventLoop", deque]),
        room("TaskAPI", ["Tasks", "JWT", "JSON"]),
        .executableTarget(
            name: "todo-fcgi",
            dependencies: [
                "EventLoop", "FastCGI", "PostgreSQL", "JSON", "Metrics", "JWT", "JWKS", "Tasks", "TasksPostgreSQL",
                "TaskAPI",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict,
            // Full RELRO: what links to the C libraries is settled at start and read-only from then on.
            linkerSettings: [.unsafeFlags(["-Xlinker", "-z", "-Xlinker", "now"])]
        ),

        // Run under callgrind by `deploy/test budget`, never shipped.
        .executableTarget(
            name: "hot-path", dependencies: ["JSON", "JWT", "TaskAPI", "Tasks"], path: "Tests/HotPath",
            exclude: ["budgets.json"], swiftSettings: strict
        ),

        tests("EventLoopTests", ["EventLoop"]),
        tests("FastCGITests", ["FastCGI", "EventLoop"]),
        tests("PostgreSQLTests", ["PostgreSQL", "EventLoop"]),
        tests("OpenSSLTests", ["OpenSSL"]),
        tests("JSONTests", ["JSON"]),
        tests("MetricsTests", ["Metrics", "EventLoop"]),
        tests("JWTTests", ["JWT", "JSON", "OpenSSL"]),
        tests("JWKSTests", ["JWKS", "JWT", "EventLoop"]),
        tests("TasksTests", ["Tasks"]),
        tests("TaskAPITests", ["TaskAPI", "Tasks", "JWT", "JSON"]),
        tests("TasksPostgreSQLTests", ["TasksPostgreSQL", "Tasks", "PostgreSQL", "EventLoop"]),
        tests(
            "TodoFCGITests",
            ["todo-fcgi", "EventLoop", "Metrics", "TaskAPI", .product(name: "Logging", package: "swift-log")]),
    ],
    swiftLanguageModes: [.v6]
)

// An independent signer for the tests of tokens. It brings three more packages and as much compiling as everything else
// together, so it is there only for those who ask: TODO_JWT_KIT=1 swift test --filter JWTKitTests
if Context.environment["TODO_JWT_KIT"] != nil {
    package.dependencies += [
        .package(url: "https://github.com/vapor/jwt-kit", exact: "5.7.1"),
        // Makes the RSA keys; jwt-kit only takes them.
        .package(url: "https://github.com/apple/swift-crypto", "4.0.0"..<"5.0.0"),
    ]
    package.targets.append(
        tests(
            "JWTKitTests",
            [
                "JWT", .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ]))
}
