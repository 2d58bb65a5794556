using Hyperspace.Tests.Integration.Engine;

// The test runner loads this assembly and never comes here: tests start it as a process of its own.
return args is ["fleet", var home] ? await FleetProcess.RunAsync(home) : 1;
