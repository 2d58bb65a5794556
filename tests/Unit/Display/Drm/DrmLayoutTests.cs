using System.Diagnostics;
using System.Runtime.CompilerServices;
using Hyperspace.Linux.Drm;

namespace Hyperspace.Tests.Unit.Display.Drm;

public class DrmLayoutTests
{
    /// <summary>drm_mode.h and drm.h of Linux 6.1, xf86drmMode.h of libdrm 2.4.114, for 64-bit machines; and the C compiler's word where it has the kernel's headers.</summary>
    [Fact]
    public void The_structures_are_laid_out_as_in_C()
    {
        string kernel = string.Join(' ', Unsafe.SizeOf<DrmMode>(), Unsafe.SizeOf<LibDrm.CreateDumb>(), Unsafe.SizeOf<LibDrm.MapDumb>(), Unsafe.SizeOf<LibDrm.DestroyDumb>(),
            Unsafe.SizeOf<LibDrm.Rect>(), Unsafe.SizeOf<LibDrm.FlipEvent>(), LibDrm.IoctlCreateDumb, LibDrm.IoctlMapDumb, LibDrm.IoctlDestroyDumb, LibDrm.FormatXrgb8888);
        Assert.Equal("68 32 16 4 16 32 3223348402 3222299827 3221513396 875713112", kernel);
        if (File.Exists("/usr/bin/cc") && File.Exists("/usr/include/drm/drm_mode.h"))
        {
            Assert.Equal(AskCompiler(), kernel);
        }

        Assert.Equal("80 88 20 16 56 24 88 16", string.Join(' ', Unsafe.SizeOf<LibDrm.Resources>(), Unsafe.SizeOf<LibDrm.Connector>(), Unsafe.SizeOf<LibDrm.Encoder>(),
            Unsafe.SizeOf<LibDrm.PlaneResources>(), Unsafe.SizeOf<LibDrm.Plane>(), Unsafe.SizeOf<LibDrm.ObjectProperties>(), Unsafe.SizeOf<LibDrm.Property>(), Unsafe.SizeOf<LibDrm.PropertyBlob>()));
    }

    private static string AskCompiler()
    {
        const string program = """
            #include <stdio.h>
            #include <drm/drm.h>
            #include <drm/drm_mode.h>
            #include <drm/drm_fourcc.h>
            int main(void) {
                printf("%zu %zu %zu %zu %zu %zu %lu %lu %lu %lu", sizeof(struct drm_mode_modeinfo), sizeof(struct drm_mode_create_dumb), sizeof(struct drm_mode_map_dumb),
                    sizeof(struct drm_mode_destroy_dumb), sizeof(struct drm_mode_rect), sizeof(struct drm_event_vblank), (unsigned long)DRM_IOCTL_MODE_CREATE_DUMB,
                    (unsigned long)DRM_IOCTL_MODE_MAP_DUMB, (unsigned long)DRM_IOCTL_MODE_DESTROY_DUMB, (unsigned long)DRM_FORMAT_XRGB8888);
            }
            """;
        string folder = Directory.CreateTempSubdirectory("hyperspace-drm").FullName;
        try
        {
            string source = Path.Combine(folder, "layout.c"), binary = Path.Combine(folder, "layout");
            File.WriteAllText(source, program);
            using (var compiler = Process.Start("/usr/bin/cc", ["-o", binary, source]))
            {
                compiler.WaitForExit();
                Assert.Equal(0, compiler.ExitCode);
            }

            using var run = Process.Start(new ProcessStartInfo(binary) { RedirectStandardOutput = true })!;
            return run.StandardOutput.ReadToEnd();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
