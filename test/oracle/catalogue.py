"""Small models, one for each kind of block and each trap, built by the same code in every Keras.

A builder gets a `Keras` (kerases.py) and returns a model. Its name is the function's name."""

from kerases import KINDS

TENSORFLOW = ("keras2", "keras3")
MODELS = {}


def model(purpose, kinds=TENSORFLOW, *, custom=False, random=False, parted=False, finish=None):
    """custom: Keras needs custom_objects to load it. random: training mode draws random numbers. parted: Keras loads other
    variables than it has saved. finish: after the weights."""

    def register(build):
        MODELS[build.__name__] = {"build": build, "purpose": purpose, "kinds": kinds, "custom": custom, "random": random,
                                  "parted": parted, "finish": finish}  # fmt: skip
        return build

    return register


def image(K, size=16, channels=3, **kw):
    return K.layers.Input((size, size, channels), **kw)


def conv(K, x, filters, kernel=3, **kw):
    return K.layers.Conv2D(filters, kernel, padding=kw.pop("padding", "same"), **kw)(x)


def conv_bn(K, x, filters, kernel=3, act="relu", **kw):
    x = conv(K, x, filters, kernel, use_bias=False, **kw)
    x = K.layers.BatchNormalization()(x)
    if act == "relu6":
        return K.layers.ReLU(6.0)(x)
    return K.layers.Activation(act)(x) if act else x


def head(K, x, classes=5, name="predictions"):
    return K.layers.Dense(classes, activation="softmax", name=name)(K.layers.GlobalAveragePooling2D()(x))


def unit(K, x, filters, stride=1, shortcut_first=False, tail=None, add="", out=""):
    """A basic residual unit, with a projection where the shape changes."""
    main = conv_bn(K, x, filters, strides=stride)
    main = conv_bn(K, main, filters, act=None)
    if tail:
        main = tail(main)
    if stride != 1 or x.shape[-1] != filters:
        x = conv_bn(K, x, filters, 1, act=None, strides=stride)
    both = [x, main] if shortcut_first else [main, x]
    return K.layers.ReLU(name=out or None)(K.layers.Add(name=add or None)(both))


def encoder(K, size=16, name=None, filters=4, **kw):
    """A small residual network without a head."""
    x = inputs = image(K, size)
    x = conv_bn(K, x, filters)
    x = unit(K, x, filters, **kw)
    return K.keras.Model(inputs, unit(K, x, filters + 2, stride=2, **kw), name=name)


# Residual networks


@model("basic residual units, Add([main, shortcut]), identity and projection")
def residual_main_first(K):
    inputs = image(K)
    x = conv_bn(K, inputs, 4)
    for filters, stride in ((4, 1), (4, 2), (8, 2), (8, 1)):
        x = unit(K, x, filters, stride)
    return K.keras.Model(inputs, head(K, x))


@model("basic residual units, Add([shortcut, main]): layer order moves. The projections have the shapes of the main branch")
def residual_shortcut_first(K):
    inputs = image(K)
    x = conv_bn(K, inputs, 4)
    for stride in (1, 2):
        shortcut = conv_bn(K, x, 4, act=None, strides=stride)
        main = conv_bn(K, x, 4, act=None, strides=stride)
        x = K.layers.ReLU()(K.layers.Add()([shortcut, main]))
    for filters, stride in ((4, 1), (8, 2)):
        x = unit(K, x, filters, stride, shortcut_first=True)
    return K.keras.Model(inputs, head(K, x))


@model("bottlenecks as keras.applications' ResNet has them: Add([shortcut, main]), biases, zero padding, max pooling")
def bottleneck(K):
    L = K.layers
    inputs = image(K, 32)
    x = L.ZeroPadding2D(3, name="conv1_pad")(inputs)
    x = L.Conv2D(8, 7, strides=2, name="conv1_conv")(x)
    x = L.Activation("relu")(L.BatchNormalization(epsilon=1.001e-5)(x))
    x = L.MaxPooling2D(3, strides=2)(L.ZeroPadding2D(1)(x))
    for filters, stride, project in ((2, 1, True), (2, 1, False), (3, 2, True), (3, 1, False)):
        shortcut = x
        if project:
            shortcut = L.BatchNormalization(epsilon=1.001e-5)(L.Conv2D(4 * filters, 1, strides=stride)(x))
        y = L.Activation("relu")(L.BatchNormalization(epsilon=1.001e-5)(L.Conv2D(filters, 1, strides=stride)(x)))
        y = L.Activation("relu")(L.BatchNormalization(epsilon=1.001e-5)(L.Conv2D(filters, 3, padding="same")(y)))
        y = L.BatchNormalization(epsilon=1.001e-5)(L.Conv2D(4 * filters, 1)(y))
        x = L.Activation("relu")(L.Add()([shortcut, y]))
    return K.keras.Model(inputs, head(K, x))


@model("preactivation units (ResNet v2); the last of a stack is strided with max pooling on its shortcut")
def residual_v2(K):
    L = K.layers
    inputs = image(K)
    x = conv(K, inputs, 8)
    for filters, stride, project in ((2, 1, True), (2, 1, False), (2, 2, False), (3, 1, True), (3, 1, False)):
        pre = L.Activation("relu")(L.BatchNormalization()(x))
        if project:
            shortcut = L.Conv2D(4 * filters, 1)(pre)
        else:
            shortcut = L.MaxPooling2D(1, strides=stride)(x) if stride > 1 else x
        y = conv_bn(K, pre, filters, 1)
        y = conv_bn(K, L.ZeroPadding2D(1)(y), filters, 3, strides=stride, padding="valid")
        x = L.Add()([shortcut, L.Conv2D(4 * filters, 1)(y)])
    x = L.Activation("relu")(L.BatchNormalization()(x))
    return K.keras.Model(inputs, head(K, x))


@model("fully convolutional residual network, the sizes of its input unknown")
def unknown_sizes(K):
    inputs = image(K, None)
    x = unit(K, conv_bn(K, inputs, 4), 4)
    return K.keras.Model(inputs, conv(K, unit(K, x, 6, 2, shortcut_first=True), 3, 1, name="logits"))


@model("dropout behind the branch, SpatialDropout2D in front (Keras 3 saves a seed generator for each)", random=True)
def dropout(K):
    L = K.layers
    inputs = image(K)
    x = L.SpatialDropout2D(0.2)(conv_bn(K, inputs, 4))
    x = unit(K, x, 4, tail=L.Dropout(0.1))
    x = unit(K, x, 6, 2, shortcut_first=True, tail=L.SpatialDropout2D(0.1))
    return K.keras.Model(inputs, L.Dropout(0.5)(head(K, x)))


@model("residual units with an SE module in each already")
def se_already(K):
    L = K.layers

    def se(x):
        channels = x.shape[-1]
        y = L.Reshape((1, 1, channels))(L.GlobalAveragePooling2D()(x))
        y = L.Conv2D(channels, 1, activation="sigmoid")(L.Conv2D(2, 1, activation="relu")(y))
        return L.Multiply()([x, y])

    inputs = image(K)
    x = unit(K, conv_bn(K, inputs, 4), 4, tail=se)
    return K.keras.Model(inputs, head(K, unit(K, x, 6, 2, tail=se)))


@model("an SE module in the first residual unit only")
def se_partly(K):
    L = K.layers

    def se(x):
        channels = x.shape[-1]
        y = L.Dense(channels, activation="sigmoid")(L.Dense(2, activation="relu")(L.GlobalAveragePooling2D()(x)))
        return L.Multiply()([x, L.Reshape((1, 1, channels))(y)])

    inputs = image(K)
    x = unit(K, conv_bn(K, inputs, 4), 4, tail=se)
    return K.keras.Model(inputs, head(K, unit(K, x, 6, 2, shortcut_first=True)))


@model("separable convolutions, max pooling behind batch norm on the main branch, projection first (mini Xception, as in fer)")
def separable_pooled(K):
    L = K.layers
    inputs = image(K, 32, 1)
    x = conv_bn(K, conv_bn(K, inputs, 4, padding="valid"), 4, padding="valid")
    for filters in (6, 8):
        residual = conv_bn(K, x, filters, 1, act=None, strides=2)
        y = L.SeparableConv2D(filters, 3, padding="same", use_bias=False)(x)
        y = L.Activation("relu")(L.BatchNormalization()(y))
        y = L.BatchNormalization()(L.SeparableConv2D(filters, 3, padding="same", use_bias=False)(y))
        x = L.Add()([L.MaxPooling2D(3, strides=2, padding="same")(y), residual])
    x = L.GlobalAveragePooling2D()(conv(K, x, 7))
    return K.keras.Model(inputs, L.Activation("softmax", name="predictions")(x))


@model("layer and group normalisation in the place of batch normalisation, gelu")
def other_norms(K):
    L = K.layers
    inputs = image(K)
    x = conv(K, inputs, 8, 4, strides=4, padding="valid")
    x = L.Add()([x, L.LayerNormalization(epsilon=1e-6)(conv(K, conv(K, x, 8, activation="gelu"), 8))])
    y = L.ReLU()(L.GroupNormalization(4)(conv(K, x, 8)))
    x = L.Add()([L.GroupNormalization(2)(conv(K, y, 8)), x])
    return K.keras.Model(inputs, head(K, x))


# Other families


@model("inception modules, one after another, with pooling branches")
def inception(K):
    L = K.layers
    inputs = image(K)
    x = conv_bn(K, inputs, 6)
    for filters in (2, 3):
        branches = [
            conv_bn(K, x, filters, 1),
            conv_bn(K, conv_bn(K, x, filters, 1), filters, 3),
            conv_bn(K, conv_bn(K, conv_bn(K, x, filters, 1), filters, (1, 5)), filters, (5, 1)),
            conv_bn(K, L.AveragePooling2D(3, strides=1, padding="same")(x), filters, 1),
        ]
        x = L.MaxPooling2D(2)(L.Concatenate()(branches))
    return K.keras.Model(inputs, head(K, x))


@model("dense blocks with transitions (DenseNet): preactivation, Concatenate([x, new])")
def dense_block(K):
    L = K.layers
    inputs = image(K)
    x = conv_bn(K, inputs, 4)
    for _ in range(2):
        for _ in range(3):
            y = L.Activation("relu")(L.BatchNormalization()(x))
            y = L.Activation("relu")(L.BatchNormalization()(conv(K, y, 4, 1, use_bias=False)))
            x = L.Concatenate()([x, conv(K, y, 2, use_bias=False)])
        x = L.Activation("relu")(L.BatchNormalization()(x))
        x = L.AveragePooling2D(2)(conv(K, x, x.shape[-1] // 2, 1, use_bias=False))
    x = L.Activation("relu")(L.BatchNormalization()(x))
    return K.keras.Model(inputs, head(K, x))


@model("depthwise separable pairs with ReLU6 (MobileNet v1), GlobalAveragePooling2D(keepdims=True)")
def mobilenet_v1(K):
    L = K.layers
    inputs = image(K)
    x = conv_bn(K, inputs, 4, act="relu6", strides=2)
    for filters, stride in ((4, 1), (8, 2)):
        x = L.DepthwiseConv2D(3, padding="same", strides=stride, use_bias=False)(x)
        x = L.ReLU(6.0)(L.BatchNormalization()(x))
        x = conv_bn(K, x, filters, 1, act="relu6")
    x = L.Conv2D(5, 1)(L.GlobalAveragePooling2D(keepdims=True)(x))
    return K.keras.Model(inputs, L.Activation("softmax", name="predictions")(L.Reshape((5,))(x)))


@model("inverted residuals with linear bottlenecks (MobileNet v2)")
def mobilenet_v2(K):
    L = K.layers
    inputs = image(K)
    x = conv_bn(K, inputs, 4, act="relu6", strides=2)
    for filters, stride in ((4, 1), (4, 1), (6, 2), (6, 1)):
        y = conv_bn(K, x, 12, 1, act="relu6")
        y = L.DepthwiseConv2D(3, padding="same", strides=stride, use_bias=False)(y)
        y = L.ReLU(6.0)(L.BatchNormalization()(y))
        y = conv_bn(K, y, filters, 1, act=None)
        x = L.Add()([x, y]) if stride == 1 and x.shape[-1] == filters else y
    return K.keras.Model(inputs, head(K, conv_bn(K, x, 16, 1, act="relu6")))


@model("inverted residuals with swish and SE (EfficientNet): nothing to add")
def efficientnet(K):
    L = K.layers
    inputs = image(K)
    x = conv_bn(K, L.Rescaling(1 / 2.0)(inputs), 4, act="swish", strides=2)
    for _ in range(2):
        y = conv_bn(K, x, 8, 1, act="swish")
        y = L.DepthwiseConv2D(3, padding="same", use_bias=False)(y)
        y = L.Activation("swish")(L.BatchNormalization()(y))
        gate = L.Reshape((1, 1, 8))(L.GlobalAveragePooling2D()(y))
        gate = L.Conv2D(8, 1, activation="sigmoid")(L.Conv2D(2, 1, activation="swish")(gate))
        x = L.Add()([conv_bn(K, L.Multiply()([y, gate]), 4, 1, act=None), x])
    return K.keras.Model(inputs, head(K, x))


@model("hard-sigmoid gates and hard-swish of op layers (MobileNet v3)")
def mobilenet_v3(K):
    L = K.layers
    inputs = image(K)

    def hard_swish(x):
        return L.Multiply()([x, L.ReLU(6.0)(x + 3.0) * (1.0 / 6.0)])

    x = hard_swish(conv_bn(K, inputs, 4, act=None, strides=2))
    for squeezed in (True, False):
        y = L.DepthwiseConv2D(3, padding="same", use_bias=False)(conv_bn(K, x, 8, 1))
        y = hard_swish(L.BatchNormalization()(y))
        if squeezed:
            gate = L.Conv2D(2, 1, activation="relu")(L.GlobalAveragePooling2D(keepdims=True)(y))
            y = L.Multiply()([y, L.ReLU(6.0)(L.Conv2D(8, 1)(gate) + 3.0) * (1.0 / 6.0)])
        x = L.Add()([x, conv_bn(K, y, 4, 1, act=None)])
    return K.keras.Model(inputs, head(K, x))


@model("convolutions with ReLU, pools, Flatten, Dense (VGG), the input given by name")
def vgg(K):
    L = K.layers
    x = inputs = image(K, name="picture")
    for filters, count in ((4, 2), (6, 2), (8, 1)):
        for _ in range(count):
            x = conv(K, x, filters, activation="relu")
        x = L.MaxPooling2D(2)(x)
    x = L.Dense(12, activation="relu")(L.Flatten()(x))
    return K.keras.Model(inputs, L.Dense(5, activation="softmax", name="predictions")(x))


@model("a U-Net: skips by Concatenate, Conv2DTranspose and UpSampling2D")
def unet(K):
    L = K.layers
    inputs = image(K)
    a = conv(K, conv(K, inputs, 4, activation="relu"), 4, activation="relu")
    b = conv_bn(K, conv_bn(K, L.MaxPooling2D(2)(a), 6), 6)
    c = conv(K, L.MaxPooling2D(2)(b), 8, activation="relu")
    x = L.Concatenate()([L.Conv2DTranspose(6, 2, strides=2)(c), b])
    x = conv_bn(K, x, 6)
    x = L.Concatenate()([a, L.UpSampling2D(2)(x)])
    return K.keras.Model(inputs, conv(K, conv(K, x, 4, activation="relu"), 1, 1, activation="sigmoid", name="mask"))


@model("a generator: Conv2DTranspose with batch norms, its image made by a tanh convolution")
def generator(K):
    L = K.layers
    inputs = L.Input((12,))
    x = L.Reshape((4, 4, 8))(L.Dense(128)(inputs))
    for number, filters in enumerate((8, 6)):
        x = L.Conv2DTranspose(filters, 4, strides=2, padding="same", use_bias=False)(x)
        x = L.LeakyReLU(name=f"site_{number}")(L.BatchNormalization()(x))
    return K.keras.Model(inputs, conv(K, x, 3, activation="tanh", name="picture"))


@model("a U-Net with attention gates: additive, a map of one channel that a sigmoid makes")
def attention_unet(K):
    L = K.layers
    inputs = image(K)
    a = conv(K, inputs, 6, activation="relu", name="site_0")
    b = conv(K, L.MaxPooling2D(2)(a), 8, activation="relu", name="site_1")
    up = L.UpSampling2D(2)(b)
    both = L.Add(name="gate_sum")([conv(K, a, 4, 1, name="gate_skip"), conv(K, up, 4, 1, name="gate_signal")])
    psi = conv(K, L.Activation("relu")(both), 1, 1, activation="sigmoid", name="gate_map")
    x = L.Concatenate()([L.Multiply()([a, psi]), up])
    x = conv(K, x, 6, activation="relu", name="site_2")
    return K.keras.Model(inputs, conv(K, x, 1, 1, activation="sigmoid", name="mask"))


@model("a denoiser (DnCNN): what the network takes away from its input, by one Add over all of it")
def denoiser(K):
    L = K.layers
    inputs = image(K)
    x = conv(K, inputs, 6, activation="relu", name="site_0")
    for number in (1, 2):
        x = L.Activation("relu", name=f"site_{number}")(L.BatchNormalization()(conv(K, x, 6, use_bias=False)))
    return K.keras.Model(inputs, L.Add(name="clean")([inputs, conv(K, x, 3, name="noise")]))


@model("InceptionTime: inception modules of Conv1D inside residual units")
def inception_time(K):
    L = K.layers
    inputs = L.Input((32, 2))
    x = inputs
    for number in (0, 1):
        shortcut = L.BatchNormalization()(L.Conv1D(12, 1, padding="same", use_bias=False)(x))
        for _ in range(2):
            narrow = L.Conv1D(4, 1, padding="same", use_bias=False)(x)
            branches = [L.Conv1D(3, size, padding="same", use_bias=False)(narrow) for size in (3, 5, 9)]
            branches.append(L.Conv1D(3, 1, padding="same", use_bias=False)(L.MaxPooling1D(3, 1, padding="same")(x)))
            x = L.ReLU()(L.BatchNormalization()(L.Concatenate()(branches)))
        x = L.Conv1D(12, 3, padding="same", use_bias=False)(x)
        x = L.BatchNormalization(name=f"site_{number}")(x)
        x = L.ReLU()(L.Add()([shortcut, x]))
    return K.keras.Model(inputs, L.Dense(4, activation="softmax")(L.GlobalAveragePooling1D()(x)))


@model("convolution units with PReLU and LeakyReLU")
def prelu(K):
    L = K.layers
    inputs = image(K)
    x = L.PReLU(shared_axes=[1, 2])(conv(K, inputs, 4))
    x = L.PReLU()(conv(K, L.MaxPooling2D(2)(x), 6))
    return K.keras.Model(inputs, head(K, L.LeakyReLU()(conv(K, x, 6))))


@model("residual units of Conv1D")
def conv1d(K):
    L = K.layers
    inputs = L.Input((32, 2))
    x = L.Conv1D(6, 5, padding="same", activation="relu")(inputs)
    for first in (True, False):
        y = L.ReLU()(L.BatchNormalization()(L.Conv1D(6, 3, padding="same", use_bias=False)(x)))
        y = L.BatchNormalization()(L.Conv1D(6, 3, padding="same", use_bias=False)(y))
        x = L.MaxPooling1D(2)(L.ReLU()(L.Add()([x, y] if first else [y, x])))
    return K.keras.Model(inputs, L.Dense(4, activation="softmax")(L.GlobalAveragePooling1D()(x)))


@model("residual units of Conv3D")
def conv3d(K):
    L = K.layers
    inputs = L.Input((8, 8, 8, 1))
    x = L.Conv3D(4, 3, padding="same", activation="relu")(inputs)
    for first in (True, False):
        y = L.ReLU()(L.BatchNormalization()(L.Conv3D(4, 3, padding="same", use_bias=False)(x)))
        y = L.BatchNormalization()(L.Conv3D(4, 3, padding="same", use_bias=False)(y))
        x = L.MaxPooling3D(2)(L.ReLU()(L.Add()([x, y] if first else [y, x])))
    return K.keras.Model(inputs, L.Dense(4, activation="softmax")(L.GlobalAveragePooling3D()(x)))


@model("a recurrent head on a convolutional network: TimeDistributed, Bidirectional(LSTM), GRU")
def recurrent_head(K):
    L = K.layers
    inputs = image(K)
    x = unit(K, conv_bn(K, inputs, 4, strides=2), 4, shortcut_first=True)
    x = L.TimeDistributed(L.Dense(6, activation="relu"))(L.Reshape((8, 32))(x))
    x = L.GRU(4)(L.Bidirectional(L.LSTM(3, return_sequences=True))(x))
    return K.keras.Model(inputs, L.Dense(5, activation="softmax", name="predictions")(x))


@model("weights of layers inside: attention called by names, cells on top of each other, states that are handed on", parted=True)
def attention_and_cells(K):
    L = K.layers
    inputs = image(K, 8)
    x = unit(K, conv_bn(K, inputs, 4), 4)
    x = L.Reshape((8, 32))(x)
    cells = [L.LSTMCell(6), L.LSTMCell(5), L.SimpleRNNCell(6, use_bias=False)]
    x = L.RNN(cells, return_sequences=True)(x)
    x = L.MultiHeadAttention(2, 3, use_bias=False)(x, value=L.Dense(4)(x), key=x)
    x, h, c = L.LSTM(4, return_sequences=True, return_state=True)(L.MultiHeadAttention(2, 3, value_dim=5)(x, x))
    x = L.Bidirectional(L.RNN(L.LSTMCell(4), return_sequences=True))(x, initial_state=[h, c, c, h])
    return K.keras.Model(inputs, L.Dense(5, name="predictions")(L.GRU(4)(x, initial_state=h)))


@model("a Bidirectional whose directions are of two kinds and sizes: Keras 3 takes both for as wide", ("keras2",))
def two_directions(K):
    L = K.layers
    inputs = image(K)
    x = unit(K, conv_bn(K, inputs, 4, strides=2), 4)
    backward = L.GRU(4, go_backwards=True, return_sequences=True)
    x = L.Bidirectional(L.LSTM(3, return_sequences=True), backward_layer=backward)(L.Reshape((8, 32))(x))
    return K.keras.Model(inputs, L.Dense(5, name="predictions")(L.GlobalAveragePooling1D()(L.Conv1D(6, 3)(x))))


@model("a convolutional model inside TimeDistributed")
def time_distributed_model(K):
    L = K.layers
    inputs = L.Input((3, 16, 16, 3))
    x = L.TimeDistributed(L.Conv2D(3, 3, strides=2))(inputs)
    inner = L.Input((7, 7, 3))
    body = K.keras.Model(inner, head(K, unit(K, conv_bn(K, inner, 4), 4), name="features"), name="body")
    x = L.LSTM(4)(L.TimeDistributed(body)(x))
    return K.keras.Model(inputs, L.Dense(5, activation="softmax", name="predictions")(x))


@model("layers inside TimeDistributed, one by one: convolutions, a residual unit, norms, what TensorFlow.js says otherwise")
def time_distributed_layers(K):
    L = K.layers
    each = L.TimeDistributed
    inputs = L.Input((3, 12, 12, 3))
    x = each(L.Conv2D(6, 3, padding="same", activation="swish"))(inputs)
    y = each(L.Conv2D(6, 3, padding="same", use_bias=False))(x)
    y = each(L.ReLU(negative_slope=0.1))(each(L.BatchNormalization())(y))
    y = each(L.BatchNormalization())(each(L.Conv2D(6, 3, padding="same"))(y))
    x = L.ReLU()(L.Add()([x, y]))
    x = each(L.Flatten())(each(L.GlobalAveragePooling2D(keepdims=True))(each(L.MaxPooling2D())(x)))
    return K.keras.Model(inputs, L.Dense(5, activation="softmax", name="predictions")(L.LSTM(4)(x)))


@model("TimeDistributed around a frozen model that holds another TimeDistributed, called twice")
def time_distributed_deep(K):
    L = K.layers
    x = picture = image(K, 8)
    x = L.GlobalAveragePooling2D()(L.BatchNormalization()(L.Conv2D(4, 3, activation="relu")(x)))
    frame = K.keras.Model(picture, x, name="frame")
    clip = L.Input((2, 8, 8, 3))
    shot = K.keras.Model(clip, L.Flatten()(L.TimeDistributed(frame)(clip)), name="shot")
    each = L.TimeDistributed(shot)
    each.trainable = False
    inputs = [L.Input((3, 2, 8, 8, 3)), L.Input((3, 2, 8, 8, 3))]
    x = L.Add()([each(inputs[0]), each(inputs[1])])
    return K.keras.Model(inputs, L.Dense(5, activation="softmax", name="predictions")(L.LSTM(4)(x)))


# channels_first: TensorFlow has no such convolutions on a CPU

FIRST = {"data_format": "channels_first"}
JAX = ("keras3-jax",)


def conv_bn_first(K, x, filters, kernel=3, act=True):
    x = K.layers.Conv2D(filters, kernel, padding="same", use_bias=False, **FIRST)(x)
    x = K.layers.BatchNormalization(axis=1)(x)
    return K.layers.ReLU()(x) if act else x


def head_first(K, x):
    return K.layers.Dense(5, activation="softmax")(K.layers.GlobalAveragePooling2D(**FIRST)(x))


@model("channels_first: residual units, shortcut first and last, with a projection", JAX)
def channels_first_residual(K):
    L = K.layers
    inputs = L.Input((3, 16, 16))
    x = conv_bn_first(K, inputs, 4)
    for filters, shortcut_first in ((4, True), (4, False), (6, True)):
        y = conv_bn_first(K, conv_bn_first(K, x, filters), filters, act=False)
        shortcut = x if filters == x.shape[1] else conv_bn_first(K, x, filters, 1, act=False)
        x = L.ReLU()(L.Add()([shortcut, y] if shortcut_first else [y, shortcut]))
        x = L.MaxPooling2D(2, **FIRST)(x)
    return K.keras.Model(inputs, head_first(K, x))


@model("channels_first: inception modules, concatenated along axis 1", JAX)
def channels_first_inception(K):
    L = K.layers
    inputs = L.Input((3, 16, 16))
    x = conv_bn_first(K, inputs, 6)
    for filters in (2, 3):
        pooled = L.AveragePooling2D(3, strides=1, padding="same", **FIRST)(x)
        branches = [
            conv_bn_first(K, x, filters, 1),
            conv_bn_first(K, conv_bn_first(K, x, filters, 1), filters),
            conv_bn_first(K, pooled, filters, 1),
        ]
        x = L.MaxPooling2D(2, **FIRST)(L.Concatenate(axis=1)(branches))
    return K.keras.Model(inputs, head_first(K, x))


@model("channels_first: convolution units, one with ReLU6, Flatten and Dense behind", JAX)
def channels_first_conv_units(K):
    L = K.layers
    inputs = L.Input((3, 16, 16))
    x = L.Conv2D(4, 3, padding="same", activation="relu", **FIRST)(inputs)
    x = L.MaxPooling2D(2, **FIRST)(L.ReLU(6.0)(conv_bn_first(K, x, 6, act=False)))
    x = L.Flatten(**FIRST)(L.Conv2D(8, 3, activation="relu", **FIRST)(x))
    return K.keras.Model(inputs, L.Dense(5, activation="softmax")(L.Dense(12, activation="relu")(x)))


# Sharing, inputs and outputs


@model("layers inside TimeDistributed, channels first", JAX)
def channels_first_distributed(K):
    L = K.layers
    inputs = L.Input((3, 3, 8, 8))
    x = inputs
    for _ in range(2):
        x = L.TimeDistributed(L.Conv2D(4, 3, padding="same", use_bias=False, **FIRST))(x)
        x = L.TimeDistributed(L.ReLU())(L.TimeDistributed(L.BatchNormalization(axis=1))(x))
    x = L.TimeDistributed(L.GlobalAveragePooling2D(**FIRST))(x)
    return K.keras.Model(inputs, L.Dense(5, activation="softmax", name="predictions")(L.Flatten()(x)))


@model("siamese: one nested encoder called on two inputs, the results subtracted and joined")
def siamese(K):
    L = K.layers
    left, right = image(K, name="left"), image(K, name="right")
    body = encoder(K, name="encoder", shortcut_first=True)
    a, b = body(left), body(right)
    x = L.Concatenate()([a, L.Subtract()([a, b])])
    return K.keras.Model([left, right], L.Dense(2, name="distance")(L.GlobalAveragePooling2D()(x)))


@model("one convolution and one batch norm called twice in a graph, in residual units")
def shared_layers(K):
    L = K.layers
    inputs = image(K)
    x = conv_bn(K, inputs, 4)
    shared, norm = L.Conv2D(4, 3, padding="same", name="shared"), L.BatchNormalization(name="shared_bn")
    for first in (True, False):
        y = norm(shared(x))
        x = L.ReLU()(L.Add()([x, y] if first else [y, x]))
    return K.keras.Model(inputs, head(K, unit(K, x, 4)))


@model("two inputs, two outputs")
def two_inputs_two_outputs(K):
    L = K.layers
    a, b = image(K, name="left"), image(K, 16, 1, name="right")
    x = L.Concatenate(name="join")([conv_bn(K, a, 4), conv_bn(K, b, 4)])
    x = unit(K, unit(K, x, 8), 8, 2, shortcut_first=True)
    pooled = L.GlobalAveragePooling2D()(x)
    return K.keras.Model([a, b], [L.Dense(4, activation="softmax", name="class")(pooled), L.Dense(4, name="box")(pooled)])


@model("inputs and outputs are dictionaries")
def dictionaries(K):
    L = K.layers
    inputs = {"picture": image(K, name="picture"), "extra": L.Input((3,), name="extra")}
    x = unit(K, conv_bn(K, inputs["picture"], 4), 4)
    x = L.Concatenate()([L.GlobalAveragePooling2D()(x), inputs["extra"]])
    return K.keras.Model(inputs, {"b": L.Dense(2, name="b")(x), "a": L.Dense(3, name="a")(x)})


@model("dictionaries in a model and in one nested in it, a list among the outputs")
def nested_dictionaries(K):
    L = K.layers
    inner = {"m": L.Input((4,), name="m"), "b": L.Input((3,), name="b")}
    joined = L.Concatenate()([inner["m"], inner["b"]])
    block = K.keras.Model(inner, {"q": L.Dense(2, name="q")(joined), "p": L.Dense(3, name="p")(inner["b"])}, name="block")
    inputs = {"picture": image(K, name="picture"), "extra": L.Input((3,), name="extra")}
    x = unit(K, conv_bn(K, inputs["picture"], 4), 4)
    y = block({"m": L.GlobalAveragePooling2D()(x), "b": inputs["extra"]})
    return K.keras.Model(inputs, {"two": L.Dense(2, name="two")(y["q"]), "one": [L.Dense(3, name="one")(y["p"]), y["q"]]})


@model("an input that nothing reads")
def unused_input(K):
    a, b = image(K, name="read"), K.layers.Input((3,), name="unread")
    return K.keras.Model([a, b], head(K, unit(K, conv_bn(K, a, 4), 4)))


@model("outputs are the batch norm at the end of a main branch, and the Add it goes into")
def output_inside_block(K):
    L = K.layers
    inputs = image(K)
    x = unit(K, conv_bn(K, inputs, 4), 4)
    y = conv_bn(K, conv_bn(K, x, 4), 4, act=None)
    return K.keras.Model(inputs, [L.Add(name="sum")([x, y]), y])


@model("one tensor is an output twice, and one input is an output")
def output_twice(K):
    inputs = image(K)
    x = head(K, unit(K, conv_bn(K, inputs, 4), 4))
    return K.keras.Model(inputs, [x, inputs, x])


@model("two layers use one and the same variable as their kernel", ("keras2",), parted=True)
def one_kernel_two_layers(K):
    L = K.layers
    inputs = image(K)
    x = conv_bn(K, inputs, 4)
    first, second = (L.Conv2D(4, 3, padding="same", use_bias=False, name=name) for name in ("first", "second"))
    y = first(x)
    second.build(y.shape)
    second.kernel = first.kernel
    second._trainable_weights = [first.kernel]
    y = L.BatchNormalization()(second(L.ReLU()(y)))
    return K.keras.Model(inputs, head(K, L.ReLU()(L.Add()([x, y]))))


@model("one layer object in two nested models", parted=True)
def layer_in_two_models(K):
    L = K.layers
    inputs = image(K)
    shared = L.Conv2D(4, 3, padding="same", name="shared")
    x = conv_bn(K, inputs, 4)
    for name in ("one", "two"):
        inner = L.Input((16, 16, 4))
        y = L.BatchNormalization()(shared(conv_bn(K, inner, 4)))
        x = K.keras.Model(inner, L.ReLU()(L.Add()([inner, y])), name=name)(x)
    return K.keras.Model(inputs, head(K, x))


# Nesting and Sequential


@model("a nested functional backbone under a functional head")
def nested_functional(K):
    inputs = image(K)
    return K.keras.Model(inputs, head(K, encoder(K, name="backbone", shortcut_first=True)(inputs)))


@model("nested Sequentials: as the main branch of a residual unit, and as the head")
def nested_sequential(K):
    L = K.layers
    S = K.keras.Sequential
    inputs = image(K)
    x = conv_bn(K, inputs, 4)
    for number in (1, 2):
        branch = S([L.Conv2D(4, 3, padding="same", use_bias=False), L.BatchNormalization(), L.ReLU(),
                    L.Conv2D(4, 3, padding="same", use_bias=False), L.BatchNormalization()], name=f"branch{number}")  # fmt: skip
        x = L.ReLU()(L.Add()([x, branch(x)]))
    top = S([L.Input((16, 16, 4)), L.GlobalAveragePooling2D(), L.Dense(5, activation="softmax")], name="top")
    return K.keras.Model(inputs, top(x))


@model("a model in a model in a model, residual units in each")
def nested_deep(K):
    inner = encoder(K, name="inner", shortcut_first=True)
    inputs = image(K)
    middle = K.keras.Model(inputs, unit(K, inner(inputs), 6), name="middle")
    inputs = image(K)
    return K.keras.Model(inputs, head(K, unit(K, middle(inputs), 8, 2, shortcut_first=True)), name="outer")


@model("a frozen nested backbone, called once, under trainable units")
def nested_frozen(K):
    backbone = encoder(K, name="backbone", shortcut_first=True)
    backbone.trainable = False
    inputs = image(K)
    return K.keras.Model(inputs, head(K, unit(K, backbone(inputs), 6)))


@model("the root is frozen: nothing in it trains")
def root_frozen(K):
    frozen = residual_shortcut_first(K)
    frozen.trainable = False
    return frozen


@model("Sequential with an Input")
def sequential_input(K):
    L = K.layers
    return K.keras.Sequential([
        image(K), L.Conv2D(4, 3, padding="same", use_bias=False), L.BatchNormalization(), L.ReLU(), L.MaxPooling2D(2),
        L.Conv2D(6, 3, activation="relu"), L.Conv2D(6, 3, activation="relu"), L.Flatten(), L.Dense(5, activation="softmax"),
    ])  # fmt: skip


@model("Sequential whose first layer carries input_shape")
def sequential_input_shape(K):
    L = K.layers
    return K.keras.Sequential([
        L.Conv2D(4, 3, activation="relu", input_shape=(16, 16, 3)), L.MaxPooling2D(2), L.Conv2D(6, 3, activation="relu"),
        L.GlobalAveragePooling2D(), L.Dense(5),
    ])  # fmt: skip


@model("Sequential without any shape, built by a call")
def sequential_built_by_call(K):
    import numpy as np

    L = K.layers
    built = K.keras.Sequential([
        L.Conv2D(4, 3, activation="relu"), L.Conv2D(6, 3, activation="relu"), L.GlobalAveragePooling2D(), L.Dense(5),
    ])  # fmt: skip
    built(np.zeros((1, 16, 16, 3), np.float32))
    return built


@model("a Sequential around a nested functional backbone (transfer learning)")
def sequential_backbone(K):
    L = K.layers
    body = encoder(K, name="backbone", shortcut_first=True)
    return K.keras.Sequential([image(K), body, L.GlobalAveragePooling2D(), L.Dense(5, activation="softmax")])


# Operations and code


@model("operations: x * 2 + 1, relu, mean, slices, an addition and a concatenation as operations")
def operations(K):
    inputs = image(K)
    x = conv_bn(K, inputs * 2.0 + 1.0, 4)
    y = conv_bn(K, K.relu(conv_bn(K, x, 4, act=None)), 4, act=None)
    x = K.relu(x + y)
    x = x[:, 1:-1, 1:-1, :]
    y = conv_bn(K, conv_bn(K, x, 4), 4, act=None)
    x = K.layers.Add()([x, y]) - K.mean(x, axis=(1, 2), keepdims=True)
    x = K.mean(1.0 - x, axis=(1, 2))
    return K.keras.Model(inputs, K.layers.Dense(5, activation="softmax", name="predictions")(x))


@model("a Lambda, a registered layer and one that needs custom_objects, in residual units", custom=True)
def custom_layers(K):
    L = K.layers
    custom = custom_objects(K)
    inputs = image(K)
    x = L.Lambda(lambda t: t * 2.0, name="double_it")(conv_bn(K, inputs, 4))
    x = unit(K, x, 4, tail=custom["Offset"](name="offset"))
    x = L.Lambda(custom["halve"], name="halve_it")(x)
    x = unit(K, x, 6, 2, shortcut_first=True, tail=custom["Scale"](name="channel_scale"))
    return K.keras.Model(inputs, head(K, x))


@model("layers that nothing is known of end conv units: before a pooling, a norm, a convolution, the global pooling", custom=True)
def custom_conv_units(K):
    L = K.layers
    offset, halve = (custom_objects(K)[name] for name in ("Offset", "halve"))
    inputs = image(K)
    x = L.MaxPooling2D(2)(offset(name="before_pooling")(conv(K, inputs, 4, activation="relu")))
    x = L.BatchNormalization()(offset(name="before_norm")(conv(K, x, 5, activation="relu")))
    x = L.Lambda(halve, name="before_convolution")(conv(K, x, 6, activation="relu"))
    x = L.ReLU()(offset(name="before_activation")(conv(K, x, 8, activation="relu")))
    x = conv(K, x, 6, groups=2, activation="relu")
    return K.keras.Model(inputs, head(K, offset(name="before_global_pooling")(x)))


@model("a custom layer that gives two tensors, in a nested model; its features go on in a residual unit", custom=True)
def custom_two_outputs(K):
    L = K.layers
    custom = custom_objects(K)
    inputs = image(K)
    inner = image(K, channels=4)
    features, mean = custom["WithMean"](name="with_mean")(conv_bn(K, conv_bn(K, inner, 4), 4, act=None))
    block = K.keras.Model(inner, [L.ReLU()(L.Add()([features, inner])), mean], name="block")
    x, mean = block(conv_bn(K, inputs, 4))
    return K.keras.Model(inputs, [head(K, x), L.Dense(3, name="means")(mean)])


def custom_objects(K):
    """Offset and halve are known by custom_objects only; Scale is registered besides."""
    if hasattr(K, "custom"):
        return K.custom

    @K.register("oracle")
    class Scale(K.layers.Layer):
        def build(self, shape):
            self.scale = self.add_weight(name="scale", shape=(shape[-1],), initializer="ones")
            super().build(shape)

        def call(self, inputs):
            return inputs * self.scale

    class Offset(K.layers.Layer):
        def build(self, shape):
            self.bias = self.add_weight(name="bias", shape=(shape[-1],), initializer="zeros")
            super().build(shape)

        def call(self, inputs):
            return inputs + self.bias

    class WithMean(K.layers.Layer):
        def call(self, inputs):
            return inputs * 2.0, K.mean(inputs, axis=(1, 2))

        def compute_output_shape(self, shape):
            return tuple(shape), (shape[0], shape[-1])

    def halve(tensor):
        return tensor * 0.5

    K.custom = {"Scale": Scale, "Offset": Offset, "WithMean": WithMean, "halve": halve}
    return K.custom


# What can take the factors of channels


@model("every kind of layer behind a feature map that nothing before it can change: factors go into its kernel")
def factors_ahead(K):
    L = K.layers
    inputs = image(K, 8)
    x = conv(K, inputs, 6)

    def features(name, source=x):
        return L.ReLU(6.0, name=name)(conv(K, source, 6, 3))

    both = L.Concatenate()([features("site_join"), conv(K, x, 3)])
    ends = [
        conv(K, features("site_conv"), 4),
        conv(K, features("site_groups"), 4, groups=2),
        L.DepthwiseConv2D(3, depth_multiplier=2)(L.ZeroPadding2D()(features("site_depthwise"))),
        L.SeparableConv2D(4, 3, depth_multiplier=2)(L.MaxPooling2D()(features("site_separable"))),
        L.Conv2DTranspose(4, 3, strides=2)(L.Dropout(0.2)(features("site_transpose"))),
        L.Dense(4)(L.UpSampling2D()(features("site_places"))),
        conv(K, L.ReLU(6.0)(conv(K, both, 4)), 4),
        L.Conv2D(4, 1)(L.Reshape((1, 1, 6))(L.GlobalMaxPooling2D()(features("site_pooled")))),
    ]
    flat = [L.Dense(4)(L.Flatten()(L.Cropping2D(1)(features("site_flat"))))]
    # Told so, Flatten puts the last axis but one first.
    flat.append(L.Dense(4)(L.Flatten(data_format="channels_first")(features("site_turned"))))
    return K.keras.Model(inputs, [L.GlobalAveragePooling2D()(end) for end in ends] + flat)


@model("every kind of layer before a feature map: factors go into its kernel, bias, gamma or beta")
def factors_back(K):
    L = K.layers
    inputs = image(K, 8)
    x = conv(K, inputs, 6)
    widths = [L.ReLU()(conv(K, x, 3)), L.AveragePooling2D(2)(L.UpSampling2D()(L.LeakyReLU()(conv(K, x, 4))))]
    mixed = [L.Concatenate()([L.ReLU()(conv(K, x, 3)), conv(K, x, 2)]), conv(K, x, 5)]
    ends = [
        L.DepthwiseConv2D(3, depth_multiplier=2, name="site_depthwise")(x),
        L.SeparableConv2D(5, 3, name="site_separable")(x),
        L.Conv2DTranspose(5, 3, strides=2, name="site_transpose")(x),
        conv(K, x, 4, groups=2, activation="relu", name="site_groups"),
        L.Dense(5, name="site_places")(x),
        L.LayerNormalization(name="site_norm")(conv(K, x, 5)),
        L.Concatenate(name="site_join")(widths),
        L.Maximum(name="site_most")(mixed),
        L.PReLU(shared_axes=[1, 2], name="site_prelu")(L.BatchNormalization()(conv(K, x, 5, use_bias=False))),
    ]
    return K.keras.Model(inputs, [L.Dense(3)(L.GlobalAveragePooling2D()(L.Activation("tanh")(end))) for end in ends])


# Precision


def with_policy(K, name):
    K.set_policy(name)
    inputs = image(K)
    x = conv_bn(K, inputs, 4)
    x = unit(K, unit(K, x, 4), 8, 2, shortcut_first=True)
    x = K.layers.GlobalAveragePooling2D()(x)
    outputs = K.layers.Dense(5, activation="softmax", name="predictions", dtype="float32")(x)
    K.set_policy("float32")
    return K.keras.Model(inputs, outputs)


@model("mixed_float16")
def mixed_float16(K):
    return with_policy(K, "mixed_float16")


def shift_far(K, model):
    beta = model.get_layer("large").beta
    beta.assign(beta + 40.0)


@model("mixed_float16, a feature map of 64 x 64 values around 40: their sum is infinite in float16", finish=shift_far)
def mixed_float16_large(K):
    K.set_policy("mixed_float16")
    L = K.layers
    inputs = image(K, 64)
    x = conv_bn(K, inputs, 4)
    y = L.BatchNormalization(name="large")(conv(K, conv_bn(K, x, 4), 4))
    x = L.Flatten()(L.MaxPooling2D(16)(L.Add()([x, y])))
    outputs = L.Dense(5, name="predictions", dtype="float32")(x)
    K.set_policy("float32")
    return K.keras.Model(inputs, outputs)


@model("mixed_bfloat16")
def mixed_bfloat16(K):
    return with_policy(K, "mixed_bfloat16")


@model("everything in bfloat16, the weights too", ("keras3",))
def bfloat16_weights(K):
    return with_policy(K, "bfloat16")


@model("everything in float16, the weights too", ("keras3",))
def float16_weights(K):
    return with_policy(K, "float16")


@model("one block ends in whole numbers, which no gate can scale")
def whole_numbers(K):
    whole = lambda x: K.layers.Activation("linear", dtype="int32")(x)  # noqa: E731
    inputs = image(K)
    x = unit(K, unit(K, conv_bn(K, inputs, 4), 4, tail=whole), 8, 2, shortcut_first=True)
    return K.keras.Model(inputs, head(K, x))


def quantize(K, model):
    for mode in ("int8", "int4", "float8"):
        for layer in model.layers:
            if layer.name.startswith(mode):
                layer.quantize(mode)


@model("Dense layers that are quantised, one of them before the place of a module", ("keras3",), finish=quantize)
def quantized_dense(K):
    L = K.layers
    inputs = image(K)
    x = unit(K, conv_bn(K, inputs, 4), 4, tail=lambda x: L.Dense(4, name="int8_places")(x))
    x = unit(K, x, 4, tail=lambda x: L.EinsumDense("abcd,de->abce", (None, None, 4), bias_axes="e", name="int4_places")(x))
    return K.keras.Model(inputs, head(K, x, name="int8_predictions"))


@model("a Dense layer in float8", ("keras3",), finish=quantize)
def float8_dense(K):
    inputs = image(K)
    return K.keras.Model(inputs, head(K, unit(K, conv_bn(K, inputs, 4), 4), name="float8_predictions"))


def adapt(K, model):
    for layer in model.layers:
        if layer.name.startswith("lora"):
            layer.enable_lora(2)
            layer.lora_kernel_b.assign(0.3 + 0 * layer.lora_kernel_b)


@model("layers with LoRA, which the formats keep in two ways", ("keras3",), parted=True, finish=adapt)
def lora(K):
    inputs = image(K)
    x = unit(K, conv_bn(K, inputs, 4), 4, tail=lambda x: conv(K, x, 4, name="lora_conv"))
    return K.keras.Model(inputs, head(K, x, name="lora_predictions"))


@model("augmentations, which Keras 3 calls as in training and Keras 2 does not, and a crop", random=True)
def augmented(K):
    L = K.layers
    inputs = image(K)
    x = L.RandomZoom(0.4)(L.RandomContrast(0.5)(L.RandomRotation(0.3)(L.RandomFlip()(inputs))))
    x = L.RandomTranslation(0.3, 0.3)(L.CenterCrop(12, 12)(x))
    return K.keras.Model(inputs, head(K, unit(K, conv_bn(K, x, 4), 4)))


@model("whole numbers, a model of augmentations alone and shared, one as an output, noise behind convolutions", random=True)
def augmented_everywhere(K):
    L = K.layers
    pixels = image(K, dtype="uint8")
    other = image(K)
    augment = K.keras.Sequential([image(K), L.RandomFlip("horizontal"), L.RandomBrightness(0.2)], name="augment")
    stem = L.Conv2D(4, 3, padding="same", name="stem")
    x, y = (stem(augment(z)) for z in (L.Rescaling(1 / 255.0)(L.RandomZoom(0.2)(pixels)), other))
    x = L.ActivityRegularization(0.1)(L.SpatialDropout2D(0.2)(L.AlphaDropout(0.1)(L.GaussianDropout(0.1)(unit(K, x, 4)))))
    frames = L.SpatialDropout3D(0.1)(L.TimeDistributed(L.RandomContrast(0.2))(L.Reshape((2, 8, 16, 4))(y)))
    return K.keras.Model([pixels, other], [head(K, L.Add()([x, y])), L.RandomRotation(0.1, name="turned")(y), frames])


@model("preprocess_input of all three modes, and arithmetic with numbers and arrays in front of a unit")
def preprocessed(K):
    import numpy as np

    L, applications = K.layers, K.keras.applications
    inputs = image(K)
    tf, torch = applications.mobilenet_v2.preprocess_input(inputs), applications.densenet.preprocess_input(inputs)
    # Keras 2 cannot save an ellipsis in .keras files.
    caffe = inputs[:, :, :, ::-1] - np.float32([103.939, 116.779, 123.68]) if K.version == 2 else applications.resnet.preprocess_input(inputs)  # fmt: skip
    factors = np.float32([[[[1.5, -2.25, 3.1]]]])
    x = L.Concatenate()([tf, torch, caffe, 2.5 - inputs * factors, -(inputs / factors)])
    y = conv_bn(K, abs(x[:, 1:-1, ::2, 2:9] ** 2 - 1.0) / 9e3, 4)
    return K.keras.Model(inputs, [head(K, unit(K, conv_bn(K, x, 4), 4)), head(K, y, name="second")])


@model("the stem of EfficientNet, and Normalization with statistics in its config and of its own, over several axes")
def normalized(K):
    import numpy as np

    L = K.layers
    inputs = image(K, 8)
    data = np.random.default_rng(5).normal(90, 7, (32, 8, 8, 3)).astype("float32")
    x = L.Normalization(mean=[1.0, 2.0, 3.0], variance=[2.0, 5.0, 0.0])(L.Rescaling(1 / 255.0)(inputs))
    x = L.Rescaling([0.5, 0.25, 1e-7], offset=[-1.0, 0.0, 1.0])(x)
    found = [x]
    for options in ({}, {"axis": None}, {"axis": 1}, {"axis": (1, 2)}, {"axis": (2, 3)}, {"invert": True}):
        layer = L.Normalization(**options)
        layer.adapt(data)
        found.append(layer(x))
    return K.keras.Model(inputs, [head(K, conv_bn(K, L.Concatenate()(found), 4)), *found])


@model("augmentations that Keras 2 does not have", ("keras3",), random=True)
def augmented_anew(K):
    L = K.layers
    x = inputs = image(K)
    for layer in (L.AugMix(), L.CutMix(), L.MixUp(), L.RandAugment(), L.RandomColorJitter(brightness_factor=0.1),
                  L.RandomErasing(), L.RandomGaussianBlur(), L.RandomGrayscale(), L.RandomHue(0.1), L.RandomInvert(),
                  L.RandomPerspective(), L.RandomPosterization(4), L.RandomSaturation(0.2), L.RandomSharpness(0.2),
                  L.RandomShear((0.0, 0.1), (0.0, 0.1)), L.RandomElasticTransform(), L.RandomColorDegeneration(0.2), L.Solarization(0.1),
                  L.Pipeline([L.RandomFlip(), L.RandomGrayscale()]), L.Pipeline([L.Rescaling(1 / 255.0), L.RandomFlip()])):  # fmt: skip
        x = layer(x)
    return K.keras.Model(inputs, head(K, unit(K, conv_bn(K, x, 4), 4)))


@model("steps that are masked where a block could take a module, and read behind it")
def masked(K):
    L = K.layers
    inputs = L.Input((12, 1))
    x = L.Dense(4, activation="relu")(L.Masking()(L.ReLU(threshold=0.5)(inputs)))
    x = L.Add()([x, L.LayerNormalization()(L.Dense(4)(L.Dense(4, activation="relu")(x)))])
    y = L.Conv1D(4, 3, padding="same", activation="relu")(x)
    y = L.ReLU()(L.Add()([y, L.BatchNormalization()(L.Conv1D(4, 3, padding="same")(y))]))
    x = L.Concatenate()([L.Flatten()(L.Attention()([x, x])), L.GlobalAveragePooling1D()(y)])
    return K.keras.Model(inputs, L.Dense(3)(x))


# Compiled


def fit_once(K, model):
    import numpy as np

    rng = np.random.default_rng(7)
    x = [rng.normal(size=(4, *tensor.shape[1:])).astype(np.float32) for tensor in model.inputs]
    y = [rng.random((4, *tensor.shape[1:])).astype(np.float32) for tensor in model.outputs]
    # One step is over long before a compiler is. It is no word of what is saved.
    model.run_eagerly = True
    model.fit(x if len(x) > 1 else x[0], y if len(y) > 1 else y[0], epochs=1, batch_size=4, verbose=0)


def compile_and_fit(K, model):
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    fit_once(K, model)


@model("compiled, one step of Adam taken: the optimizer has state", finish=compile_and_fit)
def compiled_with_state(K):
    inputs = image(K)
    x = conv_bn(K, inputs, 4)
    return K.keras.Model(inputs, head(K, unit(K, unit(K, x, 4), 8, 2, shortcut_first=True)))


def compile_by_name(K, model):
    losses = {"sum": "mean_squared_error", "class": "categorical_crossentropy"}
    model.compile(optimizer=K.keras.optimizers.SGD(0.01, momentum=0.9), loss=losses, loss_weights={"sum": 0.5, "class": 1.0},
                  metrics={"sum": ["mae"], "class": ["accuracy"]})  # fmt: skip
    fit_once(K, model)


@model("compiled with losses, weights and metrics by output name; one output is a block's Add", finish=compile_by_name)
def compiled_by_name(K):
    inputs = image(K)
    x = unit(K, conv_bn(K, inputs, 4), 4)
    y = conv_bn(K, conv_bn(K, x, 4), 4, act=None)
    total = K.layers.Add(name="sum")([x, y])
    return K.keras.Model(inputs, [total, head(K, K.layers.ReLU()(total), name="class")])


def compile_branch_by_name(K, model):
    model.compile(optimizer="adam", loss={"branch": "mean_squared_error", "class": "categorical_crossentropy"},
                  metrics={"branch": ["mae"]})  # fmt: skip
    fit_once(K, model)


@model("compiled by output name; one output is the end of a main branch, which becomes a scale", finish=compile_branch_by_name)
def compiled_branch_output(K):
    L = K.layers
    inputs = image(K)
    x = unit(K, conv_bn(K, inputs, 4), 4)
    y = conv_bn(K, x, 4)
    y = L.BatchNormalization(name="branch")(conv(K, y, 4, use_bias=False))
    return K.keras.Model(inputs, [y, head(K, L.ReLU()(L.Add()([y, x])), name="class")])


def compile_for_logits(K, model):
    loss = K.keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    model.compile(optimizer="adam", loss=loss)


@model("transfer learning: a backbone called with training=False, a regularised head that gives logits, compiled so",
       finish=compile_for_logits)  # fmt: skip
def transfer(K):
    L = K.layers
    inputs = image(K)
    x = unit(K, encoder(K, name="backbone", shortcut_first=True)(inputs, training=False), 6)
    l2 = K.keras.regularizers.L2(0.01)
    return K.keras.Model(inputs, L.Dense(5, kernel_regularizer=l2, name="logits")(L.GlobalAveragePooling2D()(x)))


def compile_for_two(K, model):
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])


@model("two classes by one sigmoid; batch norms without gamma, or without beta", finish=compile_for_two)
def two_classes(K):
    L = K.layers
    inputs = image(K)
    x = L.ReLU()(L.BatchNormalization(scale=False)(conv(K, inputs, 4, use_bias=False)))
    y = L.BatchNormalization(center=False)(conv(K, x, 4, use_bias=False))
    x = L.ReLU()(L.Add()([x, y]))
    return K.keras.Model(inputs, L.Activation("sigmoid", name="second")(L.Dense(1)(L.GlobalAveragePooling2D()(x))))


# Names


@model("70 KB of layer names: the name attributes of an HDF5 file are written in pieces")
def long_names(K):
    L = K.layers
    name = "a_layer_with_a_name_that_says_it_all_" * 50
    inputs = image(K, name=f"{name}_in")
    x = L.Conv2D(4, 3, padding="same", name=f"{name}_stem")(inputs)
    for number in range(5):
        y = L.Conv2D(4, 3, padding="same", use_bias=False, name=f"{name}_conv_a{number}")(x)
        y = L.BatchNormalization(name=f"{name}_norm_a{number}")(y)
        y = L.ReLU(name=f"{name}_relu_a{number}")(y)
        y = L.Conv2D(4, 3, padding="same", use_bias=False, name=f"{name}_conv_b{number}")(y)
        y = L.BatchNormalization(name=f"{name}_norm_b{number}")(y)
        x = L.Add(name=f"{name}_add{number}")([x, y] if number % 2 else [y, x])
        x = L.ReLU(name=f"{name}_out{number}")(x)
    x = L.GlobalAveragePooling2D(name=f"{name}_pool")(x)
    return K.keras.Model(inputs, L.Dense(5, activation="softmax", name=f"{name}_top")(x))


@model("`/` in layer names (as in Keras 2's DenseNet and MobileNetV3)", ("keras2",))
def slashes(K):
    L = K.layers
    inputs = image(K)
    x = L.Conv2D(4, 3, padding="same", name="conv1/conv")(inputs)
    x = L.ReLU(name="conv1/relu")(L.BatchNormalization(name="conv1/bn")(x))
    y = L.Conv2D(4, 3, padding="same", name="conv2/block/1_conv", use_bias=False)(x)
    y = L.BatchNormalization(name="conv2/block/1_bn")(y)
    x = L.ReLU(name="conv2/out")(L.Add(name="conv2/add")([x, y]))
    return K.keras.Model(inputs, head(K, unit(K, x, 4)))


@model("layers already called what we would call ours")
def colliding_names(K):
    L = K.layers
    inputs = image(K)
    x = L.Conv2D(4, 3, padding="same", name="se_2_1_scale")(inputs)
    x = L.BatchNormalization(name="se_1_1_squeeze")(x)
    x = L.ReLU(name="se_1_2")(x)
    x = unit(K, unit(K, x, 4), 6, 2, shortcut_first=True, add="se_1_1_scale", out="se_2_1_reduce")
    return K.keras.Model(inputs, head(K, x, name="se_1_1_expand"))


@model("every layer of one class has an odd name: dots, dashes, numbers, names of classes and counters")
def odd_names(K):
    L = K.layers
    inputs = image(K, name="conv2d_3")
    x = L.Conv2D(4, 3, padding="same", name="conv2d_1")(inputs)
    y = L.Conv2D(4, 3, padding="same", name="conv2d")(x)
    y = L.Conv2D(4, 3, padding="same", name="conv2d_2.b-c")(y)
    x = L.Add(name="dense")([x, y])
    y = L.BatchNormalization(name="vars")(L.Conv2D(4, 3, padding="same", name="0")(x))
    x = L.Add(name="layers")([y, x])
    return K.keras.Model(inputs, head(K, x, name="model_weights"))


@model("two models in a model, whose layers have the same names: only .keras keeps them apart", ("keras2",))
def equal_names(K):
    def half(name, filters):
        x = inputs = image(K)
        x = K.layers.BatchNormalization(name="norm")(conv(K, x, filters, use_bias=False, name="conv"))
        x = K.layers.ReLU(name="relu")(x)
        return K.keras.Model(inputs, conv(K, x, 4, activation="relu", name="last"), name=name)

    inputs = image(K)
    halves = [half("left", 4)(inputs), half("right", 4)(inputs)]
    both = K.keras.Model(inputs, K.layers.Concatenate(name="join")(halves), name="both")
    inputs = image(K)
    return K.keras.Model(inputs, head(K, conv_bn(K, both(inputs), 6)))


# Networks of keras.applications

def build_application(K, name):
    """keras.applications' `name` without trained weights, and without the softmax: random networks saturate it, and a
    saturated output hides every difference."""
    return getattr(K.keras.applications, name)(weights=None, classifier_activation=None)


def describe():
    return [
        {"name": name, "purpose": entry["purpose"], "kinds": [kind for kind in KINDS if kind in entry["kinds"]],
         "custom": entry["custom"], "random": entry["random"]}
        for name, entry in MODELS.items()
    ]  # fmt: skip
